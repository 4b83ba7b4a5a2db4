/**
 * How an input is divided among functions: objects in the order of their keys until a part is full, and large ones of
 * lines cut into ranges of bytes. Frames and gzip can only be read from their start.
 */
import { TwinvecError } from '#core/errors.ts';
import { locate } from '#core/jobs/s3-address.ts';
import { listObjects, type S3Access } from '../commons/s3-objects.ts';
import type { PlanEvent } from './event.ts';
import type { ValidationPart } from './part.ts';

export interface ValidationPlan {
  readonly objects: number;
  /** As they are stored. */
  readonly bytes: number;
  readonly parts: readonly ValidationPart[];
}

/** What a state machine may pass on (AWS Step Functions quotas: 262,144 bytes), with room for the rest. */
const LARGEST_PLAN_BYTES = 200_000;

/** @throws TwinvecError PayloadTooLarge when there are more parts than a state machine can pass on */
export async function planParts(s3: S3Access, event: PlanEvent): Promise<ValidationPlan> {
  const { bytesPerPart } = event;
  const mayCut = event.splitType === 'Line' && event.compressionType === 'None';
  const parts: ValidationPart[] = [];
  let afterKey = '';
  let open: { readonly throughKey: string; readonly bytes: number } | undefined;
  let objects = 0;
  let bytes = 0;

  function close(): void {
    if (open) parts.push({ afterKey, throughKey: open.throughKey });
    afterKey = open?.throughKey ?? afterKey;
    open = undefined;
  }

  for await (const object of listObjects(s3, locate(event.inputS3Uri))) {
    objects += 1;
    bytes += object.bytes;
    if (mayCut && object.bytes > bytesPerPart) {
      close();
      for (let start = 0; start < object.bytes; start += bytesPerPart) {
        const end = Math.min(start + bytesPerPart, object.bytes);
        parts.push({ afterKey, throughKey: object.key, range: { start, end } });
      }
      afterKey = object.key;
      continue;
    }
    if (open && open.bytes + object.bytes > bytesPerPart) close();
    open = { throughKey: object.key, bytes: (open?.bytes ?? 0) + object.bytes };
  }
  close();
  // An empty input is a part too: its validation says that there is nothing.
  if (parts.length === 0) parts.push({ afterKey: '', throughKey: '' });
  const plan = { objects, bytes, parts };
  const size = Buffer.byteLength(JSON.stringify(plan));
  if (size <= LARGEST_PLAN_BYTES) return plan;
  const problem = `The plan has ${parts.length} parts and ${size} bytes, over ${LARGEST_PLAN_BYTES}. Raise bytesPerPart.`;
  throw new TwinvecError('PayloadTooLarge', problem);
}
