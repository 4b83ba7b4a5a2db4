/**
 * Work done side by side, handed on in order: results come out in the order of the inputs, whatever order the work
 * ends in. Nothing is read ahead of the free slots, so memory is bounded by their number, also when several pipelines
 * share one set of slots.
 */
import type { Semaphore } from './semaphore.ts';

/** Told to work that is no longer wanted. One for all, as making one with its stack costs more than an object of one record. */
const OVER = new Error('the iteration is over');

/**
 * @param slots One slot is held from before an input is read until its result has been taken. Slots are taken in
 * input order, so the input whose turn it is always has one: pipelines that share slots cannot block each other.
 * @param work When it rejects, iteration ends with that error at that input's turn. Its signal is aborted when the
 * iteration ends early.
 */
export async function* inOrder<Input, Result>(
  inputs: AsyncIterable<Input>,
  slots: Semaphore,
  work: (input: Input, signal: AbortSignal) => Promise<Result>,
): AsyncGenerator<Result> {
  const iterator = inputs[Symbol.asyncIterator]();
  const stop = new AbortController();
  const begun: { release: () => void; outcome: Promise<Outcome<Result>> }[] = [];
  let wake = (): void => undefined;
  let end: Outcome<void> | undefined;

  async function read(): Promise<void> {
    for (;;) {
      const release = await slots.acquire();
      const next = stop.signal.aborted ? undefined : await settle(iterator.next());
      if (next === undefined || 'error' in next || next.value.done || stop.signal.aborted) {
        release();
        if (next && 'error' in next) throw next.error;
        return;
      }
      begun.push({ release, outcome: settle(work(next.value.value, stop.signal)) });
      wake();
    }
  }

  async function discardBegun(): Promise<void> {
    for (const { release, outcome } of begun.splice(0)) {
      await outcome;
      release();
    }
  }

  const reading = settle(read()).then((outcome) => {
    end = outcome;
    wake();
  });
  try {
    for (;;) {
      const next = begun.shift();
      if (next) {
        const outcome = await next.outcome;
        try {
          yield unwrap(outcome);
        } finally {
          next.release();
        }
      } else if (end) {
        unwrap(end);
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    stop.abort(OVER);
    await discardBegun();
    await reading;
    await discardBegun();
    await iterator.return?.();
  }
}

type Outcome<Value> = { readonly value: Value } | { readonly error: unknown };

function settle<Value>(promise: Promise<Value>): Promise<Outcome<Value>> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

function unwrap<Value>(outcome: Outcome<Value>): Value {
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}
