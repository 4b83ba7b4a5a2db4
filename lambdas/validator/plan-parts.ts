/**
 * How an input is divided among functions: objects in the order of their listing until a part is full, and large ones of
 * lines cut into ranges of bytes. Frames and gzip can only be read from their start.
 */
import { TwinvecError } from '#core/errors.ts';
import { InputFingerprint } from '#core/jobs/input-fingerprint.ts';
import { openInput } from '../commons/input-objects.ts';
import type { S3Access } from '../commons/s3-objects.ts';
import type { PlanEvent } from './event.ts';
import type { ValidationPart } from './part.ts';

export interface ValidationPlan {
  readonly objects: number;
  /** As they are stored. */
  readonly bytes: number;
  /** Of the objects as they were listed, to see afterwards whether they are still the same. */
  readonly fingerprint: string;
  readonly parts: readonly ValidationPart[];
}

/** What a state machine may pass on (AWS Step Functions quotas: 262,144 bytes), with room for the rest. */
const LARGEST_PLAN_BYTES = 200_000;
/** So that the reports of all parts fit as well: see report.ts. */
const MOST_PARTS = 100;
/** What one function reads within its 15 minutes at 20 MB a second. */
const LARGEST_PART_BYTES = 16 * 1024 ** 3;

interface Sized {
  readonly key: string;
  readonly bytes: number;
}

/** @throws TwinvecError InvalidManifest; PayloadTooLarge when not even the largest parts are few enough to be passed on */
export async function planParts(s3: S3Access, event: PlanEvent): Promise<ValidationPlan> {
  const input = await openInput(s3, event);
  const fingerprint = new InputFingerprint(input.manifest);
  const objects: Sized[] = [];
  let bytes = 0;
  for await (const object of input.objects()) {
    fingerprint.add(object);
    objects.push({ key: object.key, bytes: object.bytes });
    bytes += object.bytes;
  }
  const parts = divide(objects, event);
  return { objects: objects.length, bytes, fingerprint: fingerprint.digest(), parts };
}

/** Parts of the size that was asked for, or of twice that and so on until they are few enough. */
export function divide(objects: readonly Sized[], event: PlanEvent): readonly ValidationPart[] {
  const mayCut = event.splitType === 'Line' && event.compressionType === 'None';
  for (let bytesPerPart = event.bytesPerPart; ; bytesPerPart *= 2) {
    const parts = divideBy(objects, bytesPerPart, mayCut);
    const size = Buffer.byteLength(JSON.stringify(parts));
    if (parts.length <= MOST_PARTS && size <= LARGEST_PLAN_BYTES) return parts;
    if (bytesPerPart >= LARGEST_PART_BYTES) {
      const problem = `The input makes ${parts.length} parts of ${bytesPerPart} bytes; ${MOST_PARTS} can be passed on. Split the job by prefix.`;
      throw new TwinvecError('PayloadTooLarge', problem);
    }
  }
}

function divideBy(objects: readonly Sized[], bytesPerPart: number, mayCut: boolean): ValidationPart[] {
  const parts: ValidationPart[] = [];
  let afterKey = '';
  let open: { readonly throughKey: string; readonly bytes: number } | undefined;

  function close(): void {
    if (open) parts.push({ afterKey, throughKey: open.throughKey });
    afterKey = open?.throughKey ?? afterKey;
    open = undefined;
  }

  for (const { key, bytes } of objects) {
    if (mayCut && bytes > bytesPerPart) {
      close();
      for (let start = 0; start < bytes; start += bytesPerPart) {
        const end = Math.min(start + bytesPerPart, bytes);
        parts.push({ afterKey, throughKey: key, range: { start, end } });
      }
      afterKey = key;
      continue;
    }
    if (open && open.bytes + bytes > bytesPerPart) close();
    open = { throughKey: key, bytes: (open?.bytes ?? 0) + bytes };
  }
  close();
  // An empty input is a part too: its validation says that there is nothing.
  if (parts.length === 0) parts.push({ afterKey: '', throughKey: '' });
  return parts;
}
