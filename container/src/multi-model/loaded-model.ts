/**
 * One model of a multi-model endpoint from its load to its end: all its versions, its handlers, and the requests that
 * use it.
 */
import type { TwinvecError } from '#core/errors.ts';
import type { CallableModel } from '../handlers/handled-model.ts';
import type { Handlers } from '../handlers/handlers.ts';
import { InFlight } from '../servables/in-flight.ts';
import type { Servable } from '../servables/servable.ts';
import type { Servables } from '../servables/servables.ts';

export class LoadedModel {
  readonly name: string;
  /** As the platform gave it. */
  readonly url: string;
  /** What it has of the memory of all models. */
  memoryBytes = 0;
  readonly #servables: Servables;
  readonly #versions: Servable[] = [];
  readonly #calls = new InFlight();
  #handlers: Handlers | undefined;
  #closed: Promise<void> | undefined;
  #state: 'loading' | 'loaded' | 'closing' = 'loading';

  constructor(name: string, url: string, servables: Servables) {
    this.name = name;
    this.url = url;
    this.#servables = servables;
  }

  get isLoaded(): boolean {
    return this.#state === 'loaded';
  }

  get isClosing(): boolean {
    return this.#state === 'closing';
  }

  add(version: Servable): void {
    this.#versions.push(version);
  }

  /** Handlers of its own. */
  set handlers(handlers: Handlers) {
    this.#handlers = handlers;
  }

  /** Waits for every version and the handlers, and lets requests find them. Rejects when one of them is broken. */
  async open(): Promise<void> {
    await Promise.all([this.#handlers?.start(), ...this.#versions.map((version) => version.ready())]);
    if (this.#state !== 'loading') return;
    const lost = this.#versions.find(({ error }) => error !== undefined);
    if (lost) throw lost.error;
    for (const version of this.#versions) this.#servables.add(version);
    this.#state = 'loaded';
  }

  /**
   * What a request calls: the version behind the model's handlers, or those that models without their own share.
   * @throws TwinvecError NotFound when there is no such version
   */
  callable(version: string | undefined, shared: Handlers | undefined): CallableModel {
    const servable = this.#servables.find(this.name, version);
    const handlers = this.#handlers ?? shared;
    const model = handlers?.around(servable) ?? servable;
    const hold = () => {
      const releases = [this.#calls.enter(), model.hold()];
      return () => releases.forEach((release) => void release());
    };
    return {
      name: model.name,
      version: model.version,
      hold,
      checkHead: (head) => model.checkHead(head),
      answer: (body, head, hooks) => model.answer(body, head, hooks),
    };
  }

  /** Takes no new request. Handlers that still run can reach the model over HTTP until they have ended. */
  close(graceMs: number, late: TwinvecError): Promise<void> {
    this.#state = 'closing';
    this.#closed ??= this.#close(graceMs, late);
    return this.#closed;
  }

  async #close(graceMs: number, late: TwinvecError): Promise<void> {
    await within(graceMs, this.#calls.idle());
    for (const version of this.#versions) this.#servables.remove(version);
    await within(graceMs, Promise.all(this.#versions.map((version) => version.drained())));
    this.#handlers?.close();
    for (const version of this.#versions) version.abandon(late);
    await Promise.all(this.#versions.map((version) => version.close()));
  }
}

async function within(ms: number, wait: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms).unref();
  await Promise.race([wait, promise]);
  clearTimeout(timer);
}
