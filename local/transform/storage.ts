/**
 * Where a transform reads and writes: a folder and S3 both are a source of named objects and a sink for outputs.
 */
export interface SourceObject {
  /** How people and logs call it: `bucket/key`, or the path within the folder. */
  readonly label: string;
  /** Name of its output, `.out` included. */
  readonly outputName: string;
  /** Undefined where a manifest names the object and nobody has asked for its size yet. */
  readonly bytes: number | undefined;
  /** Changes when the object does, such as an ETag; undefined where it is not known before it is read. */
  readonly version: string | undefined;
  /** May be called again, for another try. */
  open(): AsyncIterable<Uint8Array>;
}

export interface TransformSource {
  /** Every object, in a stable order. Folder markers are not objects. */
  list(): AsyncIterable<SourceObject>;
}

/** One output on its way. Nothing is visible under its name before {@link OutputObject.commit}. */
export interface OutputObject {
  /** Takes the bytes over: nobody else may use them from then on. */
  write(bytes: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  /** Leaves no trace. */
  discard(): Promise<void>;
}

export interface TransformSink {
  create(outputName: string): Promise<OutputObject>;
}
