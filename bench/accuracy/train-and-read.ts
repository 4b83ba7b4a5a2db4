/** Runs `twinvec train` and reads its validation metrics from the lines that SageMaker's tuner reads. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './accuracy-run.ts';

const TWINVEC = fileURLToPath(new URL('../../cli/twinvec.ts', import.meta.url));

export type ValidationMetric = 'mean_squared_error' | 'accuracy';

/** The loss that chooses the epoch which makes the model. */
const LOSSES: Readonly<Record<ValidationMetric, string>> = {
  mean_squared_error: 'mean_squared_error',
  accuracy: 'cross_entropy',
};

/**
 * The metric of the epoch that makes the model, as SageMaker reports it; not the best over all epochs.
 * @throws Error when the job fails; its own output has said why.
 */
export async function trainAndRead(args: readonly string[], metric: ValidationMetric): Promise<Outcome> {
  const child = spawn(process.execPath, [TWINVEC, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const epochs = new Map<number, Map<string, number>>();
  for await (const line of createInterface({ input: child.stdout })) {
    const match = /epoch=(\d+), validation (\w+) <\w+>=(\S+)/.exec(line);
    if (!match) continue;
    const [epoch, name, value] = [Number(match[1]), match[2]!, Number(match[3])];
    epochs.set(epoch, (epochs.get(epoch) ?? new Map()).set(name, value));
    process.stderr.write(`epoch ${epoch}: validation ${name} ${value.toFixed(4)}\n`);
  }
  const [exitCode] = await ended;
  const loss = LOSSES[metric];
  const [best] = [...epochs].sort(([, one], [, other]) => one.get(loss)! - other.get(loss)!);
  if (exitCode !== 0 || !best) throw new Error(`The training job ended with exit code ${exitCode}.`);
  return { epoch: best[0], value: best[1].get(metric)! };
}
