/**
 * The weights that a training job would make its model of if it ended now: one set on disk, replaced when a better one
 * has been written whole.
 */
import { join } from 'node:path';
import { linkBundle, removeBundle } from '../../savedmodel/bundle-files.ts';
import { whileWriting } from '../../storage-failure.ts';
import type { TrainingEngine } from './training-engine.ts';

export interface KeptWeights {
  readonly prefix: string;
  readonly epoch: number;
  /** Validation loss; absent when there was nothing to validate with. */
  readonly loss?: number;
}

export class WeightsKeeper {
  readonly #engine: TrainingEngine;
  readonly #dir: string;
  #kept: KeptWeights | undefined;

  /** @param dir an existing folder that only holds weights */
  constructor(engine: TrainingEngine, dir: string) {
    this.#engine = engine;
    this.#dir = dir;
  }

  get kept(): KeptWeights | undefined {
    return this.#kept;
  }

  /** Writes the engine's present weights and forgets those of before. @throws TwinvecError DiskFull */
  keep(epoch: number, loss?: number): Promise<void> {
    return this.#replace(epoch, loss, (prefix) => this.#engine.saveWeights(prefix));
  }

  /** Takes over weights that an earlier process kept; their files stay where they are too. */
  takeOver({ prefix: from, epoch, loss }: KeptWeights): Promise<void> {
    return this.#replace(epoch, loss, (prefix) => linkBundle(from, prefix));
  }

  async #replace(epoch: number, loss: number | undefined, write: (prefix: string) => Promise<void>): Promise<void> {
    const before = this.#kept;
    const prefix = join(this.#dir, before?.prefix.endsWith('weights-0') ? 'weights-1' : 'weights-0');
    await whileWriting({ what: 'a set of weights', dir: this.#dir, bytes: this.#engine.weightBytes }, () =>
      write(prefix),
    );
    this.#kept = { prefix, epoch, ...(loss !== undefined && { loss }) };
    if (before) await removeBundle(before.prefix);
  }
}
