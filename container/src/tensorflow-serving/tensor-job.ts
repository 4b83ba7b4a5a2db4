/**
 * A decoded request of any TensorFlow model as a job. Rows of different requests share a call when every input and
 * output of the signature counts rows in its first dimension and the rows have one shape.
 */
import type { InferenceMethod, TensorSignature } from '#core/tensors/signature.ts';
import type { NamedTensors, Tensor, TensorSpec } from '#core/tensors/tensor.ts';
import type { Job, MergeSlices, Slice } from '../batching/job.ts';
import type { EngineCall } from '../engine/engine-call.ts';
import { joinRows, takeRows } from '../engine/tensor-rows.ts';
import { padRows } from './pad-rows.ts';
import type { PlainTensorRequest } from './tensor-codec.ts';

export interface TensorJob extends Job {
  readonly method: InferenceMethod;
  readonly request: PlainTensorRequest;
  readonly signature: TensorSignature;
  /** Media type of the answer. */
  readonly answerType: string;
}

type JobContent = Pick<TensorJob, 'method' | 'request' | 'signature' | 'answerType'>;

let lastAlone = 0;

export function tensorJob(content: JobContent): TensorJob {
  const { rows } = content.request;
  const isAlone = rows === undefined || !countsRows(content.signature);
  const group = isAlone ? `alone ${++lastAlone}` : groupOf(content.request);
  // One call takes a request whole: only rows of different requests are known not to look at each other.
  const ownRows = rows ?? 1;
  return { ...content, group, isAlone, rows: ownRows, cost: ownRows, endOfSlice: () => ownRows };
}

/**
 * How jobs of one group become a call.
 * @param allowedSizes rows of a call, ascending, to which calls are padded; undefined leaves them as they are
 */
export function mergeTensorsTo(allowedSizes: readonly number[] | undefined): MergeSlices<TensorJob> {
  if (!allowedSizes) return mergeTensors;
  return (slices) => {
    const [{ job }] = slices as [Slice<TensorJob>];
    // A whole request whose inputs share no first dimension has no rows to repeat.
    const rows = job.request.rows && slices.reduce((total, { from, to }) => total + to - from, 0);
    return padRows(mergeTensors(slices), rows, job.signature, allowedSizes);
  };
}

/** One engine call with the rows of all slices, which are of one group. */
function mergeTensors(slices: readonly Slice<TensorJob>[]): EngineCall {
  const [{ job, from, to }] = slices as [Slice<TensorJob>];
  const call = { signature: job.request.signatureName, takesNonFinite: true } as const;
  if (slices.length === 1 && from === 0 && to === job.rows) {
    return { ...call, inputs: copied(job.request.inputs), rows: undefined };
  }
  const parts = slices.map((slice) => takeRows(slice.job.request.inputs, slice.from, slice.to));
  const inputs = parts.length === 1 ? copied(parts[0]!) : joinRows(parts);
  return { ...call, inputs, rows: slices.reduce((total, slice) => total + slice.to - slice.from, 0) };
}

/** The worker takes the memory of what it is sent away; a job that is tried again still needs its own. */
function copied(tensors: NamedTensors): NamedTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() } as Tensor]),
  );
}

function countsRows({ inputs, outputs }: TensorSignature): boolean {
  const specs = [...Object.values(inputs), ...Object.values(outputs)];
  return Object.keys(inputs).length > 0 && specs.every(({ shape }: TensorSpec) => !shape || shape[0] === -1);
}

/** Requests of one group have the same inputs with rows of the same shape. */
function groupOf({ signatureName, inputs }: PlainTensorRequest): string {
  const shapes = Object.keys(inputs)
    .sort()
    .map((name) => `${JSON.stringify(name)}[${inputs[name]!.shape.slice(1)}]`);
  return `${JSON.stringify(signatureName)} ${shapes.join(' ')}`;
}
