/**
 * One pass over the training rows, step by step, until its end, a stop request or a loss that is not finite.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Epoch } from './batches.ts';
import type { StopRequest } from './stop-request.ts';
import type { TrainingEngine } from './training-engine.ts';
import type { EpochReport } from './training-report.ts';

export type EpochOutcome =
  /** Means over the epoch's rows, each taken before its step; no accuracy for regression. */
  | { readonly end: 'trained'; readonly loss: number; readonly accuracy?: number }
  /** `batch` is the number of the batch, from 0, that was not trained. */
  | { readonly end: 'stop request' | 'diverged'; readonly batch: number };

/** Which of the job's epochs it is, from 0. */
export interface EpochPlace {
  readonly number: number;
  readonly count: number;
}

/** The event loop gets a turn this often, so that SIGTERM is heard between steps. */
const TURN_MS = 20;

export async function trainEpoch(
  engine: TrainingEngine,
  epoch: Epoch,
  place: EpochPlace,
  report: EpochReport,
  stop: StopRequest,
): Promise<EpochOutcome> {
  let rows = 0;
  let lossSum = 0;
  let correct: number | undefined;
  let batch = 0;
  let lastTurn = performance.now();
  for (const data of epoch.batches()) {
    if (performance.now() - lastTurn > TURN_MS) {
      await nextTurn();
      lastTurn = performance.now();
    }
    const step = stop.requested ? undefined : engine.step(data, (place.number + rows / epoch.rows) / place.count);
    if (step === undefined || !Number.isFinite(step.loss)) {
      report.end(false);
      return { end: step === undefined ? 'stop request' : 'diverged', batch };
    }
    batch += 1;
    rows += data.labels.length;
    lossSum += step.loss * data.labels.length;
    if (step.correct !== undefined) correct = (correct ?? 0) + step.correct;
    report.step(rows, lossSum / rows);
  }
  report.end(true);
  return { end: 'trained', loss: lossSum / rows, ...(correct !== undefined && { accuracy: correct / rows }) };
}
