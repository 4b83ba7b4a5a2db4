/**
 * The queue of an asynchronous endpoint on disk: one file a request, there before the caller is answered and gone after
 * the result is written, so that a service that was killed goes on with what it had accepted.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { PARTIAL, readRecord, writeRecord } from '../../state/record-file.ts';

const Text = z.string().optional();

export const AsyncRequest = z.object({
  endpointName: z.string(),
  region: z.string(),
  inferenceId: z.string(),
  receivedAt: z.coerce.date(),
  ttlSeconds: z.int(),
  timeoutSeconds: z.int(),
  contentType: Text,
  accept: Text,
  customAttributes: Text,
  /** Undefined when the body came with the request. */
  inputLocation: Text,
  /** Base64. */
  body: Text,
  output: z.object({ bucket: z.string(), key: z.string() }),
  failure: z.object({ bucket: z.string(), key: z.string() }).optional(),
});

export type AsyncRequest = Readonly<z.infer<typeof AsyncRequest>>;

export interface QueuedRequest extends AsyncRequest {
  /** Where it is kept. */
  readonly file: string;
}

export interface AsyncRequestFolder {
  /** What was accepted before and is not done, in the order in which it came. */
  readonly left: readonly QueuedRequest[];
  /** It is on disk when this returns. @throws TwinvecError DiskFull or the system's error; it is then not accepted. */
  add(request: AsyncRequest): QueuedRequest;
  remove(request: QueuedRequest): void;
}

export function openAsyncRequestFolder(folder: string, log: (line: string) => void): AsyncRequestFolder {
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(folder).sort();
  for (const name of names.filter((one) => one.endsWith(PARTIAL))) rmSync(path.join(folder, name), { force: true });
  const left = names.filter((name) => name.endsWith('.json')).flatMap((name) => load(path.join(folder, name), log));
  let count = 0;
  return {
    left,
    add(request) {
      count += 1;
      const order = `${request.receivedAt.getTime()}-${String(count).padStart(8, '0')}`;
      const file = path.join(folder, `${order}-${randomUUID()}.json`);
      writeRecord(file, request);
      return { ...request, file };
    },
    remove: ({ file }) => rmSync(file, { force: true }),
  };
}

function load(file: string, log: (line: string) => void): QueuedRequest[] {
  try {
    return [{ ...AsyncRequest.parse(readRecord(file)), file }];
  } catch (error) {
    log(`${file} is not an asynchronous request and is left alone: ${(error as Error).message.slice(0, 200)}`);
    return [];
  }
}
