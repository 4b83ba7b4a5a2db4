import type { Overview } from '../status-page/overview.ts';

/** How an operation of the control plane looks: a JSON body in, a JSON body out, by the name in X-Amz-Target. */
export interface Caller {
  readonly region: string;
}

/** Undefined, or a promise of it, is the empty body with which Delete and Stop calls answer. */
export type Operation = (body: unknown, caller: Caller) => unknown;

/** A family of operations and what they keep running. */
export interface Operations {
  /** What X-Amz-Target has in front of the names. @default SageMaker */
  readonly service?: string;
  readonly operations: Readonly<Record<string, Operation>>;
  /** Takes up what was under way when the service last ended. Called once, when the service listens. */
  resume?(): void;
  /** For the status page. */
  overview?(): Overview;
  /** Ends what runs, for a later start to take it up again. */
  close?(): Promise<void>;
}
