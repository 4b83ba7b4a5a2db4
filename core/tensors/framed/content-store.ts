/**
 * Where the content of binary records goes: bytes as they are into an only string input, or features into inputs by
 * name.
 */

import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { readExample } from '#core/examples/example-reader.ts';
import { type RecordFeatures, readRecord } from '#core/examples/record-reader.ts';
import { checkImage, type ImageFormat } from '#core/images/image-header.ts';
import { FlatInput, toTensors } from '../flat-rows.ts';
import type { RowStore } from '../row-request.ts';
import type { InferenceMethod, TensorSignature } from '../signature.ts';
import type { NamedTensors, TensorSpec } from '../tensor.ts';
import type { StringColumn } from '../value-column.ts';
import { FeatureRows } from './feature-rows.ts';

/** What one record holds. */
export type BinaryContent = 'example' | 'record' | ByteContent;
/** `image` is an image of any format. */
type ByteContent = 'bytes' | 'image' | ImageFormat;

/** Takes the content of one record. Throws DamagedRecord and InvalidTensor, and for images what `checkImage` throws. */
export interface ContentStore extends RowStore {
  add(data: Uint8Array, record: number): void;
}

/** @throws InvalidTensor when the signature cannot take such records */
export function createContentStore(
  content: BinaryContent,
  signature: TensorSignature,
  method: InferenceMethod,
): ContentStore {
  if (content === 'record') return storeFeatures(signature, readRecord, 'values');
  const name = onlyStringInput(signature);
  if (content !== 'example' || method !== 'predict') {
    if (name === undefined) throw notBytes(signature);
    const bytes = new BytesStore(name, signature.inputs[name]!);
    if (content === 'example') return storeChecked(bytes, readExample);
    return content === 'bytes' ? bytes : storeChecked(bytes, (data) => requireImage(data, content));
  }
  return name === undefined ? storeFeatures(signature, readExample) : new EitherStore(name, signature);
}

/** A model without a string input for bytes may still take features. */
function onlyStringInput({ inputs }: TensorSignature): string | undefined {
  const [first, ...others] = Object.entries(inputs);
  return others.length === 0 && first?.[1].dtype === 'string' ? first[0] : undefined;
}

function storeFeatures(
  signature: TensorSignature,
  read: (data: Uint8Array, record: number) => RecordFeatures,
  onlyName?: string,
): ContentStore {
  const rows = new FeatureRows(signature);
  return {
    add: (data, record) => rows.add(read(data, record), record, onlyName),
    commit: () => rows.commit(),
    rollBack: () => rows.rollBack(),
    finish: (count) => rows.finish(count),
  };
}

class BytesStore implements ContentStore {
  readonly #input: FlatInput;

  /** @throws InvalidTensor when one record of the input is not one string */
  constructor(name: string, spec: TensorSpec) {
    this.#input = new FlatInput(name, spec, 'bytes');
    if (this.#input.width < 0) this.#input.width = 1;
    if (this.#input.width === 1) return;
    const problem = `takes ${this.#input.width} strings a record, and a body of bytes is one`;
    throw new TwinvecError('InvalidTensor', `The input ${quoteForMessage(name)} ${problem}`);
  }

  add(data: Uint8Array, _record: number): void {
    (this.#input.column as StringColumn).append(data);
  }

  commit(): void {
    this.#input.commit();
  }

  rollBack(): void {
    this.#input.rollBack();
  }

  finish(rows: number): NamedTensors {
    return toTensors([this.#input], rows);
  }
}

/** An image is refused by its header, before any decoder is handed it (spec faults 2I). */
function requireImage(data: Uint8Array, wanted: 'image' | ImageFormat): void {
  const { format } = checkImage(data);
  if (wanted === 'image' || wanted === format) return;
  throw new TwinvecError('UnsupportedMediaType', `The body is a ${format} image under the name image/${wanted}`);
}

/** Records as they are, each looked at once: one that is not what it should be would fail the whole batch in the graph. */
function storeChecked(bytes: BytesStore, check: (data: Uint8Array, record: number) => unknown): ContentStore {
  return {
    add: (data, record) => {
      check(data, record);
      bytes.add(data, record);
    },
    commit: () => bytes.commit(),
    rollBack: () => bytes.rollBack(),
    finish: (rows) => bytes.finish(rows),
  };
}

/**
 * For a model whose only input is a string: the first good record says whether the input is a feature, such as
 * `image_bytes`, or the whole Example. Records that say otherwise are bad.
 */
class EitherStore implements ContentStore {
  readonly #name: string;
  readonly #features: FeatureRows;
  readonly #bytes: BytesStore;
  #isFeature: boolean | undefined;
  #committed: boolean | undefined;

  constructor(name: string, signature: TensorSignature) {
    this.#name = name;
    this.#features = new FeatureRows(signature);
    this.#bytes = new BytesStore(name, signature.inputs[name]!);
  }

  add(data: Uint8Array, record: number): void {
    const features = readExample(data, record);
    const isFeature = features.has(this.#name);
    this.#isFeature ??= isFeature;
    if (isFeature && !this.#isFeature) {
      const problem = `Record ${record} has the feature ${quoteForMessage(this.#name)}, and the records before it do not`;
      throw new TwinvecError('InvalidTensor', problem, { record });
    }
    if (this.#isFeature) this.#features.add(features, record);
    else this.#bytes.add(data, record);
  }

  commit(): void {
    this.#committed = this.#isFeature;
    this.#features.commit();
    this.#bytes.commit();
  }

  rollBack(): void {
    this.#isFeature = this.#committed;
    this.#features.rollBack();
    this.#bytes.rollBack();
  }

  finish(rows: number): NamedTensors {
    return this.#isFeature ? this.#features.finish(rows) : this.#bytes.finish(rows);
  }
}

function notBytes({ inputs }: TensorSignature): TwinvecError {
  const names = Object.entries(inputs).map(([name, { dtype }]) => `${quoteForMessage(name)} (${dtype})`);
  const problem = `and its inputs are ${names.join(', ')}`;
  return new TwinvecError('InvalidTensor', `Bytes are for a model whose only input is a string, ${problem}`);
}
