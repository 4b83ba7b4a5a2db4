/**
 * The memory that all loaded models may take together, counted by the files that they are loaded from: known before a
 * model is loaded, and free again to the last byte when it goes. What the process holds (its resident size) is neither:
 * freed memory stays with it for the next model.
 */
import { TwinvecError } from '#core/errors.ts';
import { formatBytes } from '#core/terminal/format.ts';

export class ModelMemory {
  readonly #limitBytes: number;
  #taken = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** @throws TwinvecError OutOfMemory, on which the platform unloads other models and tries again. */
  take(name: string, bytes: number): void {
    const free = this.#limitBytes - this.#taken;
    if (bytes > free) {
      const sizes = `it takes about ${formatBytes(bytes)}, and ${formatBytes(free)} of ${formatBytes(this.#limitBytes)} are free`;
      throw new TwinvecError('OutOfMemory', `Memory exhausted: not enough memory to load model ${name}: ${sizes}.`);
    }
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}
