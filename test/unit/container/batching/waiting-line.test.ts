import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { CallBudget } from '../../../../container/src/batching/job.ts';
import { type Entry, WaitingLine } from '../../../../container/src/batching/waiting-line.ts';
import { type SumJob, sumJob } from '../../../fixtures/serving/sum-model.ts';

const BUDGET: CallBudget = { cost: 10, rows: 4 };
const ALL = Number.POSITIVE_INFINITY;

function entryOf(job: SumJob, enteredMs = 0): Entry<SumJob> {
  return { job, enteredMs, nextRow: 0, cancelled: false };
}

function lineOf(entries: readonly Entry<SumJob>[], deadlineMs = 60_000) {
  const expired: Entry<SumJob>[] = [];
  const signal = new EventTarget();
  const line = new WaitingLine<SumJob, Entry<SumJob>>({
    maxEntries: 100,
    deadlineMs,
    onExpired: (entry) => {
      expired.push(entry);
      signal.dispatchEvent(new Event('expired'));
    },
    now: () => performance.now(),
  });
  for (const entry of entries) line.push(entry);
  return { line, expired, signal };
}

function taken(line: WaitingLine<SumJob, Entry<SumJob>>, maxEntries = ALL): string[] {
  return line.take(BUDGET, maxEntries).map(({ slice }) => `${slice.job.data[0]![0]}:${slice.from}-${slice.to}`);
}

const one = (tag: number, group = 'a') => entryOf(sumJob([[tag]], group));

describe('the waiting line', () => {
  it('gives what waits, in order, up to the rows of a call', () => {
    // Prepare
    const { line } = lineOf([1, 2, 3, 4, 5].map((tag) => one(tag)));

    // Act
    const calls = [taken(line), taken(line), taken(line)];

    // Assess
    expect(calls).toEqual([['1:0-1', '2:0-1', '3:0-1', '4:0-1'], ['5:0-1'], []]);
  });

  it('gives what waits up to the tokens of a call, and keeps the turn of what did not fit', () => {
    // Prepare
    const six = (tag: number) => entryOf(sumJob([[tag, 0, 0, 0, 0, 0]], 'a'));
    const { line } = lineOf([six(1), six(2), one(3)]);

    // Act
    const calls = [taken(line), taken(line)];

    // Assess
    expect(calls).toEqual([['1:0-1'], ['2:0-1', '3:0-1']]);
  });

  it('fills a call from one group and steps over others without losing their turn', () => {
    // Prepare
    const { line } = lineOf([one(1), one(2, 'b'), one(3), one(4, 'b')]);

    // Act
    const calls = [taken(line), taken(line)];

    // Assess
    expect(calls).toEqual([
      ['1:0-1', '3:0-1'],
      ['2:0-1', '4:0-1'],
    ]);
  });

  it('gives one job a call when batching is off', () => {
    // Prepare
    const { line } = lineOf([one(1), one(2)]);

    // Act
    const calls = [taken(line, 1), taken(line, 1)];

    // Assess
    expect(calls).toEqual([['1:0-1'], ['2:0-1']]);
  });

  it('L5 splits a heavy job and lets the light ones in between', () => {
    // Prepare
    const heavy = entryOf(sumJob(Array.from({ length: 9 }, () => [7])));
    const { line } = lineOf([heavy, one(1), one(2)]);

    // Act
    const calls = [taken(line), taken(line), taken(line), taken(line), taken(line)];

    // Assess
    expect(calls).toEqual([['7:0-4'], ['1:0-1', '2:0-1'], ['7:4-8'], ['7:8-9'], []]);
  });

  it('gives a single row over the budget alone', () => {
    // Prepare
    const { line } = lineOf([entryOf(sumJob([[9, ...Array(99).fill(1)]])), one(1)]);

    // Act
    const calls = [taken(line), taken(line)];

    // Assess
    expect(calls).toEqual([['9:0-1'], ['1:0-1']]);
  });

  it('L7 drops jobs whose client has gone, and the rest of split ones', () => {
    // Prepare
    const heavy = entryOf(sumJob(Array.from({ length: 9 }, () => [7])));
    const gone = one(1);
    const { line } = lineOf([heavy, gone, one(2)]);
    const first = taken(line);

    // Act
    const cancelled = [line.cancel(gone), line.cancel(heavy), line.cancel(gone)];
    const calls = [first, taken(line), taken(line)];

    // Assess
    expect(cancelled).toEqual([true, true, false]);
    expect(calls).toEqual([['7:0-4'], ['2:0-1'], []]);
    expect(line.length).toBe(0);
  });

  it('counts as waiting what was neither taken nor cancelled', () => {
    // Prepare
    const entries = Array.from({ length: 500 }, (_, i) => one(i));
    const { line } = lineOf(entries);

    // Act
    for (const entry of entries.slice(0, 300)) line.cancel(entry);
    const waiting = line.length;
    const rest = Array.from({ length: 50 }, () => taken(line)).flat();

    // Assess
    expect(waiting).toBe(200);
    expect(rest).toHaveLength(200);
    expect(rest[0]).toBe('300:0-1');
  });

  it('L6 answers expired jobs at their deadline, without an engine call, and keeps the young ones', async () => {
    // Prepare
    const nowMs = performance.now();
    const old = entryOf(sumJob([[1]]), nowMs - 50);
    const { line, expired, signal } = lineOf([old], 50);
    const young = entryOf(sumJob([[2]]), nowMs + 60_000);
    line.push(young);

    // Act
    if (expired.length === 0) await once(signal, 'expired');

    // Assess
    expect(expired).toEqual([old]);
    expect(taken(line)).toEqual(['2:0-1']);
  });

  it('a job that has begun does not expire', async () => {
    // Prepare
    const nowMs = performance.now();
    const begun = entryOf(sumJob(Array.from({ length: 9 }, () => [7])), nowMs - 100);
    const { line, expired, signal } = lineOf([begun], 100);
    taken(line);
    const waiting = entryOf(sumJob([[1]]), nowMs);
    line.push(waiting);

    // Act
    await once(signal, 'expired');

    // Assess
    expect(expired).toEqual([waiting]);
    expect(taken(line)).toEqual(['7:4-8']);
  });
});

describe('what was taken', () => {
  it('is not held any more: its job may be large, and the next may be long in coming', async () => {
    // Prepare
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { line } = lineOf([]);
    const push = () => {
      const entry = entryOf(sumJob([[1]]));
      line.push(entry);
      return new WeakRef(entry);
    };
    const entries = [push(), push(), push()];

    // Act
    taken(line);
    await turn();
    collect();

    // Assess
    expect(entries.map((entry) => entry.deref())).toEqual([undefined, undefined, undefined]);
  });
});
