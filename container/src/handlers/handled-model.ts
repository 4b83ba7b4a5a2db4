/**
 * A model behind its own handlers, as AWS's container runs `inference.py`: they make the model's REST request of whatever
 * came in, and the answer of what the model said. The routes below /tfs/ go to the model itself.
 */
import { quoteForMessage, TwinvecError, toTwinvecError } from '#core/errors.ts';
import { parseMediaTypeText } from '#core/http/media-type-syntax.ts';
import type { RequestHead } from '../http/served-model.ts';
import type { Answer, AnswerHooks, Servable } from '../servables/servable.ts';
import type { RequestFacts } from './contract.ts';
import type { HandlerKind } from './handler-host.ts';
import type { HandlerAnswer, Predict, StepCall } from './handler-process.ts';
import type { PlainPayload } from './protocol.ts';

const JSON_TYPE = 'application/json';

/** What can be asked of a model over HTTP. */
export type CallableModel = Pick<Servable, 'name' | 'version' | 'hold' | 'checkHead' | 'answer'>;

export interface HandledModelOptions {
  readonly kind: HandlerKind;
  readonly run: (call: StepCall) => Promise<HandlerAnswer>;
  readonly timeoutMs: number;
  /** `http://127.0.0.1:8080`, where this server can be reached from a handler. */
  readonly origin: string;
  /** An error of the model in the form of TF Serving's REST API. */
  readonly describeError: (error: TwinvecError) => PlainPayload;
}

export class HandledModel implements CallableModel {
  readonly #model: CallableModel;
  readonly #options: HandledModelOptions;

  constructor(model: CallableModel, options: HandledModelOptions) {
    this.#model = model;
    this.#options = options;
  }

  get name(): string {
    return this.#model.name;
  }

  get version(): string {
    return this.#model.version;
  }

  hold(): () => void {
    return this.#model.hold();
  }

  /** The handlers decide which media types there are. */
  checkHead(head: RequestHead): void {
    this.#model.checkHead(restHead(head));
  }

  async answer(body: Buffer, head: RequestHead, hooks: AnswerHooks): Promise<Answer | undefined> {
    const facts = this.#factsOf(body, head);
    const timing = { queueMs: 0, inferenceMs: 0 };
    const ask = async (request: Uint8Array) => {
      const answer = await this.#model.answer(Buffer.from(request), restHead(head), hooks);
      timing.queueMs += answer?.queueMs ?? 0;
      timing.inferenceMs += answer?.inferenceMs ?? 0;
      return answer;
    };
    const predict = this.#predictWith(ask);
    const answered =
      this.#options.kind === 'handler'
        ? await this.#options.run({ step: 'handler', payload: success(body), facts, predict })
        : await this.#runPair(body, facts, ask, predict);
    if (!answered || hooks.client.isGone) return undefined;
    return { body: answered.body, contentType: typeOf(answered, head.accept), ...timing };
  }

  /** An error of the model goes to the caller as it is, and `outputHandler` does not see it. */
  async #runPair(body: Buffer, facts: RequestFacts, ask: Ask, predict: Predict): Promise<HandlerAnswer | undefined> {
    const { run } = this.#options;
    const request = await run({ step: 'inputHandler', payload: success(body), facts, predict });
    const answer = await ask(request.body);
    return answer && run({ step: 'outputHandler', payload: success(answer.body), facts, predict });
  }

  /** For `context.predict`, which shows a handler the model's errors as answers. */
  #predictWith(ask: Ask): Predict {
    return async (request) => {
      try {
        const answer = await ask(request);
        if (answer) return success(answer.body);
        throw new TwinvecError('Draining', 'Nobody waits for this answer any more.');
      } catch (thrown) {
        return this.#options.describeError(toTwinvecError(thrown));
      }
    };
  }

  #factsOf(body: Buffer, { contentType, accept, customAttributes, method }: RequestHead): RequestFacts {
    const { name, version } = this.#model;
    const { origin, timeoutMs } = this.#options;
    return {
      modelName: name,
      modelVersion: version,
      method,
      restUri: `${origin}/tfs/v1/models/${name}/versions/${version}:${method}`,
      customAttributes: customAttributes ?? '',
      requestContentType: contentType ?? JSON_TYPE,
      acceptHeader: accept ?? JSON_TYPE,
      contentLength: body.length,
      timeoutMs,
    };
  }
}

type Ask = (request: Uint8Array) => Promise<Answer | undefined>;

/** What handlers exchange with a model is always JSON. */
function restHead({ method }: RequestHead): RequestHead {
  return { contentType: JSON_TYPE, accept: JSON_TYPE, method };
}

function success(bytes: Uint8Array): PlainPayload {
  return { bytes, statusCode: 200 };
}

/**
 * A handler that names no type gives the one that was asked for, where that is a single one. Many hand on what was asked
 * for as it is, which may be a list or a range.
 *
 * @throws TwinvecError HandlerFailed for what no header can hold
 */
function typeOf({ contentType }: HandlerAnswer, accept: string | undefined): string {
  for (const type of [contentType, accept]) {
    if (!type || /[*,]/.test(type)) continue;
    if (parseMediaTypeText(type)) return type;
    if (type === accept) break;
    const problem = `The handler gave its answer the content type ${quoteForMessage(type)}, which is none.`;
    throw new TwinvecError('HandlerFailed', problem);
  }
  return JSON_TYPE;
}
