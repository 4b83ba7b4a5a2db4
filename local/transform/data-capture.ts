/**
 * DataCaptureConfig: one manifest of the inputs and one of the outputs, below `input/` and `output/` and the hour in
 * which the job started (AWS docs model-monitor-data-capture-batch). They are written as objects end, and appear at the end.
 */
import { randomUUID } from 'node:crypto';
import type { OutputObject, SourceObject, TransformSink } from './storage.ts';

export interface DataCaptureOptions {
  /** Where the manifests go. */
  readonly sink: TransformSink;
  /** What stands before the labels of objects to make addresses of them: `s3://`, or a folder. */
  readonly inputBase: string;
  /** Address of the outputs, with the last "/". */
  readonly outputPrefix: string;
  readonly startedAt: Date;
}

export interface DataCapture {
  /** Takes note of an object that has its output. */
  add(object: SourceObject): void;
  /** Makes the manifests appear; none where no object has an output. */
  commit(): Promise<void>;
  discard(): Promise<void>;
}

export function createDataCapture({ sink, inputBase, outputPrefix, startedAt }: DataCaptureOptions): DataCapture {
  const name = `${hourOf(startedAt)}/${randomUUID()}.json`;
  const inputs = createManifestWriter(sink, `input/${name}`);
  const outputs = createManifestWriter(sink, `output/${name}`);
  return {
    add({ label, outputName }) {
      const inputName = outputName.slice(0, -'.out'.length);
      inputs.add(inputBase + label.slice(0, label.length - inputName.length), inputName);
      outputs.add(outputPrefix, outputName);
    },
    async commit() {
      await inputs.commit();
      await outputs.commit();
    },
    async discard() {
      await inputs.discard();
      await outputs.discard();
    },
  };
}

/** `2022/08/26/13`, in UTC. */
function hourOf(date: Date): string {
  return date.toISOString().slice(0, 13).replaceAll('-', '/').replace('T', '/');
}

/** One after the other, without holding more than what waits to be written. */
function createManifestWriter(sink: TransformSink, name: string) {
  let output: OutputObject | undefined;
  let last: Promise<void> = Promise.resolve();
  let empty = true;

  function write(text: string): void {
    last = last.then(async () => {
      output ??= await sink.create(name);
      await output.write(Buffer.from(text));
    });
    // A failure is met by whoever commits.
    last.catch(() => undefined);
  }

  return {
    add(prefix: string, rest: string): void {
      write(empty ? `[{"prefix":${JSON.stringify(prefix)}},\n${JSON.stringify(rest)}` : `,\n${JSON.stringify(rest)}`);
      empty = false;
    },
    async commit(): Promise<void> {
      if (empty) return;
      write(']\n');
      await last;
      await output?.commit();
    },
    async discard(): Promise<void> {
      await last.catch(() => undefined);
      await output?.discard();
    },
  };
}
