/**
 * The handlers of a server's models: the processes that run them, and each model behind them.
 */
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { ServingConfig } from '../config/serving-config.ts';
import type { Logger } from '../log/logger.ts';
import { tfServingError } from '../tensorflow-serving/error-form.ts';
import { type CallableModel, HandledModel } from './handled-model.ts';
import { HandlerHost, type HandlerKind } from './handler-host.ts';

export class Handlers {
  readonly #host: HandlerHost;
  readonly #timeoutMs: number;
  #kind: HandlerKind = 'pair';
  #origin = '';

  constructor(script: string, config: ServingConfig, log: Logger) {
    warnOfRequirements(dirname(script), log);
    this.#timeoutMs = config.handlerTimeoutMs;
    this.#host = new HandlerHost({
      script,
      processes: config.handlerProcesses,
      timeoutMs: config.handlerTimeoutMs,
      loadTimeoutMs: config.loadTimeoutMs,
      memoryMb: config.handlerMemoryMb,
      maxWaiting: config.queueRequests,
      log,
    });
  }

  /** Loads the script. @throws TwinvecError InvalidArtifact */
  async start(): Promise<void> {
    this.#kind = await this.#host.start();
  }

  /** Where handlers reach this server over HTTP, once that is known. */
  listensAt({ port }: AddressInfo): void {
    this.#origin = `http://127.0.0.1:${port}`;
  }

  around(model: CallableModel): CallableModel {
    return new HandledModel(model, {
      kind: this.#kind,
      run: (call) => this.#host.run(call),
      timeoutMs: this.#timeoutMs,
      origin: this.#origin,
      describeError: tfServingError,
    });
  }

  close(): void {
    this.#host.close();
  }
}

/** AWS's container would install them from the network; here a model brings what it needs (spec faults J8). */
function warnOfRequirements(codeFolder: string, log: Logger): void {
  if (!existsSync(join(codeFolder, 'requirements.txt'))) return;
  const message = 'code/requirements.txt is not read: put what the script imports into code/.';
  log.warn('requirements_ignored', { message });
}
