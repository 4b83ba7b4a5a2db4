import { describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import { Batcher, type BatcherOptions, type JobAnswer } from '../../../../container/src/batching/batcher.ts';
import type { EngineCall, EngineResult, EngineRunner } from '../../../../container/src/engine/engine-call.ts';
import type { Session } from '../../../../container/src/engine/session.ts';
import { hasFiniteValues } from '../../../../container/src/engine/tensor-rows.ts';
import { mergeSums, type SumJob, sumJob } from '../../../fixtures/serving/sum-model.ts';
import { FAULT, openSession } from '../../../fixtures/serving/sum-session.ts';

/** The summing session in this thread, one call at a time, each held until the test lets it run. */
class SteppedEngine implements EngineRunner {
  readonly calls: EngineCall[] = [];
  readonly #held: (() => void)[] = [];
  readonly #session: Session;
  readonly #slots: number;
  onSlot = () => {};

  constructor(session: Session, slots = 1) {
    this.#session = session;
    this.#slots = slots;
  }

  hasSlot(): boolean {
    return this.#held.length < this.#slots;
  }

  run(call: EngineCall): Promise<EngineResult> {
    this.calls.push(call);
    return new Promise((resolve, reject) => {
      this.#held.push(() => {
        try {
          const outputs = this.#session.run(call.signature, call.inputs);
          resolve({ outputs, finite: hasFiniteValues(outputs), inferenceMs: 1 });
        } catch (error) {
          const isMemory = String(error).includes('OOM');
          reject(new TwinvecError(isMemory ? 'OutOfMemory' : 'ModelFailed', String(error)));
        }
      });
    });
  }

  /** Lets the call at this place of the running ones finish. */
  async step(place = 0): Promise<void> {
    this.#held.splice(place, 1)[0]?.();
    this.onSlot();
    await turn();
  }

  get running(): number {
    return this.#held.length;
  }
}

/** Lets everything that is ready happen. */
async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function batcherOf(options: Partial<BatcherOptions<SumJob>> = {}, slots = 1) {
  const engine = new SteppedEngine(await openSession('', 'js', () => {}), slots);
  const batcher = new Batcher<SumJob>({
    engine,
    merge: mergeSums,
    budget: { cost: 1000, rows: 8 },
    maxJobsPerCall: Number.POSITIVE_INFINITY,
    maxWaiting: 100,
    deadlineMs: 60_000,
    ...options,
  });
  return { engine, batcher };
}

const sumsOf = ({ outputs }: JobAnswer) => [...(outputs.sums!.data as Float32Array)];
const codeOf = (answer: Promise<JobAnswer>) =>
  answer.then(
    () => 'ok',
    (error: TwinvecError) => error.code,
  );

describe('the batcher', () => {
  it('sends jobs that arrive together in one call, and each gets its own rows', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf();

    // Act
    const tickets = [[[1], [2, 3]], [[4]], [[5], [6], [7]]].map((rows) => batcher.submit(sumJob(rows)));
    await turn();
    await engine.step();
    const answers = await Promise.all(tickets.map(({ answer }) => answer));

    // Assess
    expect(engine.calls.map(({ rows }) => rows)).toEqual([6]);
    expect(answers.map(sumsOf)).toEqual([[1, 5], [4], [5, 6, 7]]);
  });

  it('batches what came while the engine was busy', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf();
    batcher.submit(sumJob([[1]]));
    await turn();

    // Act
    for (const tag of [2, 3, 4]) batcher.submit(sumJob([[tag]]));
    await turn();
    await engine.step();

    // Assess
    expect(engine.calls.map(({ rows }) => rows)).toEqual([1, 3]);
  });

  it('joins the slices of a large job in its order, whatever order they end in', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf({}, 3);
    const rows = Array.from({ length: 20 }, (_, i) => [i]);

    // Act
    const { answer } = batcher.submit(sumJob(rows));
    await turn();
    expect(engine.running).toBe(3);
    await engine.step(2);
    await engine.step(1);
    await engine.step(0);

    // Assess
    expect(sumsOf(await answer)).toEqual(rows.map(([id]) => id));
  });

  it('L1 refuses what is over the bound at once, and takes jobs again when there is room', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf({ maxWaiting: 2, budget: { cost: 1000, rows: 1 } });
    batcher.submit(sumJob([[1]]));
    await turn();

    // Act
    batcher.submit(sumJob([[2]]));
    batcher.submit(sumJob([[3]]));
    const refusals = [4, 5].map((tag) => {
      try {
        batcher.submit(sumJob([[tag]]));
        return 'taken';
      } catch (error) {
        return (error as TwinvecError).code;
      }
    });
    await engine.step();
    const { answer } = batcher.submit(sumJob([[6]]));
    await engine.step();
    await engine.step();
    await engine.step();

    // Assess
    expect(refusals).toEqual(['Overloaded', 'Overloaded']);
    expect(sumsOf(await answer)).toEqual([6]);
    expect(engine.calls).toHaveLength(4);
  });

  it('L6 an expired job gets DeadlineExceeded while the engine is still busy, and never reaches it', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf({ deadlineMs: 20 });
    const first = batcher.submit(sumJob([[1]]));
    await turn();

    // Act
    const late = await codeOf(batcher.submit(sumJob([[2]])).answer);
    await engine.step();

    // Assess
    expect(late).toBe('DeadlineExceeded');
    expect(sumsOf(await first.answer)).toEqual([1]);
    expect(engine.calls).toHaveLength(1);
  });

  it('L7 a cancelled job costs no engine time', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf();
    batcher.submit(sumJob([[1]]));
    await turn();

    // Act
    const gone = batcher.submit(sumJob([[2]]));
    const staying = batcher.submit(sumJob([[3]]));
    const cancelled = [gone.cancel(), gone.cancel()];
    await engine.step();
    await engine.step();

    // Assess
    expect(cancelled).toEqual([true, false]);
    expect(sumsOf(await staying.answer)).toEqual([3]);
    expect(engine.calls.map(({ rows }) => rows)).toEqual([1, 1]);
  });

  it('N5 halves a batch that does not fit into memory, once', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf();

    // Act
    const answers = [[[1]], [[FAULT.outOfMemory]], [[2]], [[FAULT.neverFits]]].map((rows) =>
      codeOf(batcher.submit(sumJob(rows)).answer),
    );
    await turn();
    for (let i = 0; i < 3; i++) await engine.step();

    // Assess: the halves are tried as they are
    expect(engine.calls.map(({ rows }) => rows)).toEqual([4, 2, 2]);
    expect(await Promise.all(answers)).toEqual(['OutOfMemory', 'OutOfMemory', 'OutOfMemory', 'OutOfMemory']);
  });

  it('N7 refuses only the job whose rows are not finite', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf();

    // Act
    const answers = [[[1]], [[FAULT.nan]], [[2]]].map((rows) => codeOf(batcher.submit(sumJob(rows)).answer));
    await turn();
    await engine.step();

    // Assess
    expect(await Promise.all(answers)).toEqual(['ok', 'NonFiniteOutput', 'ok']);
  });

  it('N8 tries a call that came back with another number of rows again in halves, and refuses the job at fault', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf();

    // Act
    const answers = [[[1]], [[FAULT.losesRow]]].map((rows) => codeOf(batcher.submit(sumJob(rows)).answer));
    await turn();
    for (let i = 0; i < 3; i++) await engine.step();

    // Assess
    expect(await Promise.all(answers)).toEqual(['ok', 'ModelFailed']);
  });

  it('keeps a job that fails from harming those in its call', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf();

    // Act
    const tags = [1, 2, FAULT.throws, 4, 5];
    const answers = tags.map((tag) => codeOf(batcher.submit(sumJob([[tag]])).answer));
    await turn();
    for (let i = 0; i < 7; i++) await engine.step();

    // Assess
    expect(await Promise.all(answers)).toEqual(['ok', 'ok', 'ModelFailed', 'ok', 'ok']);
    expect(engine.calls.map(({ rows }) => rows)).toEqual([5, 3, 2, 2, 1]);
  });

  it('a failing slice fails its job and drops the slices that wait', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf();
    const rows = [[FAULT.throws], ...Array.from({ length: 30 }, () => [1])];

    // Act
    const code = codeOf(batcher.submit(sumJob(rows)).answer);
    await turn();
    await engine.step();
    await engine.step();
    await engine.step();

    // Assess: one slice more had been sent before the failure was known
    expect(await code).toBe('ModelFailed');
    expect(engine.calls.length).toBeLessThanOrEqual(2);
  });

  it('O7 abandons what waits with the given error', async () => {
    // Prepare
    const { batcher } = await batcherOf();
    batcher.submit(sumJob([[1]]));
    await turn();
    const waiting = codeOf(batcher.submit(sumJob([[2]])).answer);

    // Act
    batcher.abandon(new TwinvecError('Draining', 'stopping'));

    // Assess
    expect(await waiting).toBe('Draining');
    expect(batcher.waiting).toBe(0);
  });
});

describe('the batcher that waits for company', () => {
  it('sends no call before it is full, although the engine is free', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf({ fillMs: 50_000, budget: { cost: 1000, rows: 3 } });

    // Act
    const first = batcher.submit(sumJob([[1]]));
    await turn();
    const callsOfOne = engine.calls.length;
    const second = batcher.submit(sumJob([[2], [3]]));
    await turn();
    await engine.step();

    // Assess
    expect(callsOfOne).toBe(0);
    expect(engine.calls.map(({ rows }) => rows)).toEqual([3]);
    expect([sumsOf(await first.answer), sumsOf(await second.answer)]).toEqual([[1], [2, 3]]);
  });

  it('sends what there is when the time of the oldest is over', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf({ fillMs: 20 }, 2);
    const startedMs = performance.now();

    // Act: a second job comes while the first waits
    const answers = [batcher.submit(sumJob([[1]])), batcher.submit(sumJob([[2]]))];
    while (engine.calls.length === 0) await turn();
    const waitedMs = performance.now() - startedMs;
    await engine.step();

    // Assess
    expect(waitedMs).toBeGreaterThanOrEqual(19);
    expect(engine.calls.map(({ rows }) => rows)).toEqual([2]);
    expect((await Promise.all(answers.map(({ answer }) => answer))).map(sumsOf)).toEqual([[1], [2]]);
  });

  it('does not hold up a job that can have no company, one that is too large, and halves of a failed call', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf({ fillMs: 50_000, budget: { cost: 1000, rows: 2 } });

    // Act
    const alone = batcher.submit({ ...sumJob([[7]], 'alone 1'), isAlone: true });
    await turn();
    await engine.step();
    const large = batcher.submit(sumJob([[1], [2], [3]]));
    await turn();
    await engine.step();
    await engine.step();
    const failing = [FAULT.throws, 5].map((tag) => codeOf(batcher.submit(sumJob([[tag]])).answer));
    await turn();
    for (let i = 0; i < 3; i++) await engine.step();

    // Assess
    expect([sumsOf(await alone.answer), sumsOf(await large.answer)]).toEqual([[7], [1, 2, 3]]);
    expect(await Promise.all(failing)).toEqual(['ModelFailed', 'ok']);
  });

  it('sends what waits when the next of its group does not fit any more', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf({ fillMs: 50_000, budget: { cost: 1000, rows: 3 } });

    // Act
    for (const rows of [
      [[1], [2]],
      [[3], [4]],
    ])
      batcher.submit(sumJob(rows));
    await turn();

    // Assess
    expect(engine.calls.map(({ rows }) => rows)).toEqual([2]);
  });
});

describe('the batcher with a bound on calls', () => {
  it('has no more of them at the engine, whatever slots it has', async () => {
    // Prepare
    const { engine, batcher } = await batcherOf({ maxCalls: 2, maxJobsPerCall: 1 }, 4);

    // Act
    const answers = [1, 2, 3, FAULT.throws, 5].map((tag) => codeOf(batcher.submit(sumJob([[tag]])).answer));
    await turn();
    const running = [engine.running];
    for (let i = 0; i < 5; i++) {
      await engine.step();
      running.push(engine.running);
    }

    // Assess
    expect(running).toEqual([2, 2, 2, 2, 1, 0]);
    expect(await Promise.all(answers)).toEqual(['ok', 'ok', 'ok', 'ModelFailed', 'ok']);
  });
});
