/**
 * One handler process as the server sees it: it runs one step at a time, and whatever ends it (a crash, a hang, too
 * much memory) fails exactly the request that it was working for, with the reason.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { TwinvecError } from '#core/errors.ts';
import type { Logger } from '../log/logger.ts';
import type { RequestFacts } from './contract.ts';
import { readHandlerMessage } from './handler-message.ts';
import type { FromHandler, PlainPayload, Step, ToHandler } from './protocol.ts';

const PROGRAM = fileURLToPath(new URL('./process.ts', import.meta.url));
/** Longest line of a script's own output that reaches the log. */
const MAX_LINE = 1024;

export interface HandlerAnswer {
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
}

/** Asks the model while a handler runs. Never rejects: an error of the model is an answer with its status. */
export type Predict = (body: Uint8Array) => Promise<PlainPayload>;

export interface StepCall {
  readonly step: Step;
  readonly payload: PlainPayload;
  readonly facts: RequestFacts;
  readonly predict: Predict;
}

interface Running {
  readonly call: StepCall;
  readonly resolve: (answer: HandlerAnswer) => void;
  readonly reject: (error: TwinvecError) => void;
  readonly sinceMs: number;
}

export class HandlerProcess {
  /** The functions that the script exports. Rejects with InvalidArtifact when it cannot be loaded. */
  readonly ready: Promise<readonly Step[]>;
  readonly #child: ChildProcess;
  readonly #started = Promise.withResolvers<readonly Step[]>();
  readonly #log: Logger;
  readonly #startedMs = performance.now();
  #running: Running | undefined;
  #endReason: string | undefined;
  #isOver = false;

  /** @param onExit called once, after the running step has been failed */
  constructor(script: string, memoryMb: number, log: Logger, onExit: () => void) {
    this.#log = log;
    this.ready = this.#started.promise;
    this.ready.catch(() => {});
    this.#child = fork(PROGRAM, [script], {
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: [`--max-old-space-size=${memoryMb}`],
    });
    this.#child.on('message', (message) => this.#receive(message));
    this.#child.on('error', (error) => this.#end(error.message, onExit));
    this.#child.on('exit', (code, signal) => this.#end(`it ended with ${signal ?? `exit code ${code}`}`, onExit));
    this.#forwardLines(this.#child.stdout!);
    this.#forwardLines(this.#child.stderr!);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** False from the moment it is being ended. */
  get isUsable(): boolean {
    return this.#endReason === undefined && !this.#isOver;
  }

  /** How long the running step, or the loading, has taken; 0 when idle. */
  busyMs(nowMs: number): number {
    if (this.#running) return nowMs - this.#running.sinceMs;
    return 0;
  }

  get ageMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** Only when nothing else runs in it. @throws TwinvecError HandlerRefused or HandlerFailed (it rejects with them) */
  run(call: StepCall): Promise<HandlerAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<HandlerAnswer>();
    this.#running = { call, resolve, reject, sinceMs: performance.now() };
    const { step, payload, facts } = call;
    this.#send({ type: 'run', step, payload, facts });
    return promise;
  }

  /** @param reason completes the sentence "The handler was stopped: ..." */
  kill(reason: string): void {
    this.#endReason ??= reason;
    this.#child.kill('SIGKILL');
  }

  #send(message: ToHandler): void {
    // A process that has just died is told of by its exit.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #receive(received: unknown): void {
    const message = readHandlerMessage(received);
    switch (message?.type) {
      case undefined:
        this.#log.repeated('warn', 'handler_message_ignored', 'message');
        break;
      case 'ready':
        this.#started.resolve(message.steps);
        break;
      case 'broken':
        this.#started.reject(
          new TwinvecError('InvalidArtifact', `The script in code/ cannot be loaded: ${message.message}`),
        );
        break;
      case 'predict':
        void this.#running?.call
          .predict(message.body)
          .then((response) => this.#send({ type: 'predicted', call: message.call, response }));
        break;
      case 'done':
        this.#take()?.resolve({ body: message.body, contentType: message.contentType });
        break;
      case 'failed':
        this.#fail(message);
        break;
    }
  }

  #fail({ message, statusCode, stack }: Extract<FromHandler, { type: 'failed' }>): void {
    const running = this.#take();
    if (!running) return;
    if (statusCode !== undefined && Number.isInteger(statusCode) && statusCode >= 400 && statusCode <= 499) {
      running.reject(new TwinvecError('HandlerRefused', message, { status: statusCode }));
      return;
    }
    this.#log.repeated('error', 'handler_failed', running.call.step, { step: running.call.step, message, stack });
    running.reject(new TwinvecError('HandlerFailed', `${running.call.step} failed: ${message}`));
  }

  #end(how: string, onExit: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const reason = this.#endReason ?? how;
    this.#started.reject(new TwinvecError('InvalidArtifact', `The script in code/ did not load: ${reason}.`));
    const running = this.#take();
    if (running) {
      const { step } = running.call;
      this.#log.repeated('error', 'handler_died', step, { step, reason });
      running.reject(new TwinvecError('HandlerFailed', `${step} was stopped: ${reason}.`));
    }
    onExit();
  }

  #take(): Running | undefined {
    const running = this.#running;
    this.#running = undefined;
    return running;
  }

  #forwardLines(stream: Readable): void {
    createInterface({ input: stream }).on('line', (line) => {
      this.#log.repeated('info', 'handler_output', 'line', { line: line.slice(0, MAX_LINE) });
    });
  }
}
