/** The durable state of the local service: one store for each kind of named thing, below one folder. */
import path from 'node:path';
import type * as z from 'zod';
import type { Resource, ResourceKind } from './resource.ts';
import { openResourceStore, type ResourceStore } from './resource-store.ts';

export interface State {
  /** Opens the records of a kind. Each kind has one owner, which opens it once. */
  open<T extends Resource>(kind: ResourceKind, schema: z.ZodType<T>): ResourceStore<T>;
  /** The store of a kind for what concerns every kind, such as tags; undefined before its owner opened it. */
  ofKind(kind: string): ResourceStore<Resource> | undefined;
}

export function openState(folder: string, log: (line: string) => void): State {
  const stores = new Map<string, ResourceStore<Resource>>();
  return {
    open(kind, schema) {
      const store = openResourceStore({ folder: path.join(folder, kind), schema, log });
      // A kind's own fields are never touched through the general view: changes there name general fields only.
      stores.set(kind, store as unknown as ResourceStore<Resource>);
      return store;
    },
    ofKind: (kind) => stores.get(kind),
  };
}
