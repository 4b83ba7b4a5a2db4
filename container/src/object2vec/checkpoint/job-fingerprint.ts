/**
 * What a job's result depends on, in a form that a checkpoint can keep: the same job may go on from it, any other is told
 * what differs.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { formatCount } from '#core/terminal/format.ts';
import type { Dataset } from '../data/dataset.ts';

const ChannelFingerprint = z.strictObject({ rows: z.int().min(1), digest: z.string() });

export const JobFingerprint = z.strictObject({
  /** As they took effect. */
  hyperparameters: z.record(z.string(), z.string()),
  /** Channels that decide the weights. */
  data: z.record(z.string(), ChannelFingerprint),
  /** Digest of the weights that the job began with, where they were those of a model. */
  start: z.exactOptional(z.string()),
});
export type JobFingerprint = z.infer<typeof JobFingerprint>;

/** Rows that are read and hashed together. */
const PART_ROWS = 1024;

/** The records of a channel as they reach the network, whatever files they came in. */
export function fingerprintChannel(dataset: Dataset): JobFingerprint['data'][string] {
  const hash = createHash('sha256');
  const add = ({ buffer, byteOffset, byteLength }: Int32Array | Float32Array): void => {
    hash.update(`${byteLength}\n`).update(new Uint8Array(buffer, byteOffset, byteLength));
  };
  add(dataset.labels);
  for (let from = 0; from < dataset.rows; from += PART_ROWS) {
    const rows = Int32Array.from({ length: Math.min(PART_ROWS, dataset.rows - from) }, (_, k) => from + k);
    const { in0, in1 } = dataset.gather(rows, rows);
    for (const column of [in0.offsets, in0.ids, in1.offsets, in1.ids]) add(column);
  }
  return { rows: dataset.rows, digest: hash.digest('hex') };
}

/** One phrase for each thing by which two jobs come to different results; empty when one may go on where the other was. */
export function differences(checkpoint: JobFingerprint, job: JobFingerprint): string[] {
  const names = new Set([...Object.keys(checkpoint.hyperparameters), ...Object.keys(job.hyperparameters)]);
  const [was, is] = [checkpoint.hyperparameters, job.hyperparameters];
  const changed = [...names]
    .filter((name) => was[name] !== is[name] && !isHarmless(name, was, is))
    .map((name) => `${name} is ${is[name] ?? 'not set'} and was ${was[name] ?? 'not set'}`);
  const start = checkpoint.start === job.start ? [] : ['channel "model" has another model'];
  return [...changed, ...start, ...dataDifferences(checkpoint.data, job.data)];
}

type Texts = Readonly<Record<string, string>>;

/** Names with `_` are for SageMaker. More epochs only add to the end, unless the learning rate depends on their number. */
function isHarmless(name: string, was: Texts, is: Texts): boolean {
  if (name.startsWith('_')) return true;
  return name === 'epochs' && is.learning_rate_schedule === 'constant' && Number(is.epochs) > Number(was.epochs);
}

function dataDifferences(was: JobFingerprint['data'], is: JobFingerprint['data']): string[] {
  const channels = new Set([...Object.keys(was), ...Object.keys(is)]);
  return [...channels].flatMap((channel) => {
    const [before, now] = [was[channel], is[channel]];
    if (!before || !now) return [`channel "${channel}" ${now ? 'is new' : 'is not there any more'}`];
    if (before.digest === now.digest) return [];
    const rows = before.rows === now.rows ? '' : ` (${formatCount(now.rows)} rows, before ${formatCount(before.rows)})`;
    return [`channel "${channel}" has other records${rows}`];
  });
}
