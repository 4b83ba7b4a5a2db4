/**
 * One pass over the training rows, step by step, until its end, a stop request or a loss that is not finite.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Epoch } from '../data/batches.ts';
import type { StopRequest } from './stop-request.ts';
import type { StepOutcome, TrainingEngine } from './training-engine.ts';
import type { EpochSums } from './training-progress.ts';
import type { EpochReport } from './training-report.ts';

export interface EpochOutcome {
  readonly end: 'trained' | 'stop request' | 'diverged';
  /** `done.batches` is the number of the batch, from 0, that was not trained. */
  readonly done: EpochSums;
}

/** Which of the job's epochs it is, from 0. */
export interface EpochPlace {
  readonly number: number;
  readonly count: number;
}

export interface EpochRun {
  readonly engine: TrainingEngine;
  readonly epoch: Epoch;
  readonly place: EpochPlace;
  readonly report: EpochReport;
  readonly stop: StopRequest;
  /** What an earlier process has trained of this epoch. */
  readonly from: EpochSums;
  /** Called between steps, now and then. */
  readonly pause: (done: EpochSums) => Promise<void>;
}

/** The event loop gets a turn this often, so that SIGTERM is heard between steps. */
const TURN_MS = 20;

export async function trainEpoch({ engine, epoch, place, report, stop, from, pause }: EpochRun): Promise<EpochOutcome> {
  let done = from;
  let lastTurn = performance.now();
  for (const data of epoch.batches(from.batches)) {
    if (performance.now() - lastTurn > TURN_MS) {
      await nextTurn();
      await pause(done);
      lastTurn = performance.now();
    }
    const progress = (place.number + done.rows / epoch.rows) / place.count;
    const step = stop.requested ? undefined : engine.step(data, progress);
    if (step === undefined || !Number.isFinite(step.loss)) {
      report.end(false);
      return { end: step === undefined ? 'stop request' : 'diverged', done };
    }
    done = withStep(done, step, data.labels.length);
    report.step(done.rows, done.lossSum / done.rows);
  }
  report.end(true);
  return { end: 'trained', done };
}

function withStep(done: EpochSums, { loss, correct }: StepOutcome, rows: number): EpochSums {
  return {
    batches: done.batches + 1,
    rows: done.rows + rows,
    lossSum: done.lossSum + loss * rows,
    ...(correct !== undefined && { correct: (done.correct ?? 0) + correct }),
  };
}
