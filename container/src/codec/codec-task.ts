/**
 * What runs on a codec thread: a module's `runTask`, from one cloneable value to another.
 */
export interface CodecOutcome<Answer> {
  readonly answer: Answer;
  /** Buffers that move to the caller instead of being copied. */
  readonly moved: ArrayBuffer[];
}

/** What a codec module exports. Throws TwinvecErrors. */
export type RunTask<Task, Answer, Data> = (task: Task, data: Data) => CodecOutcome<Answer>;

/** The buffer of an array that has it to itself; moving it takes nothing else away. */
export function ownBuffers(...arrays: readonly (ArrayBufferView | undefined)[]): ArrayBuffer[] {
  const buffers = arrays
    .filter((one) => one !== undefined && one.byteLength > 0 && one.byteLength === one.buffer.byteLength)
    .map((one) => one!.buffer as ArrayBuffer);
  return [...new Set(buffers)];
}

/** The array itself when it has its buffer to itself, else a copy that does. */
export function owned<T extends Uint8Array | Float32Array | Int32Array>(array: T): T {
  if (array.byteLength === array.buffer.byteLength) return array;
  // Buffer's own slice would be a view.
  const copy = array instanceof Uint8Array ? Uint8Array.prototype.slice.call(array) : array.slice();
  return copy as T;
}
