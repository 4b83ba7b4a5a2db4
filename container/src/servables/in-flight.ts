/**
 * Who is using a thing right now, so that it is taken away only after they have finished.
 */
export class InFlight {
  #users = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  /** Counts one user until what is returned is called, once. */
  enter(): () => void {
    this.#users++;
    return () => {
      if (--this.#users > 0) return;
      this.#idle?.resolve();
      this.#idle = undefined;
    };
  }

  /** Resolves when nobody uses it. */
  idle(): Promise<void> {
    if (this.#users === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }
}
