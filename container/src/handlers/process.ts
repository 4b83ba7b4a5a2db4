/**
 * A handler process: loads one script and runs its functions, one request at a time. A process of its own, so that a
 * script that crashes, blocks or eats memory takes nothing with it.
 */
import { pathToFileURL } from 'node:url';
import type { Answer, Body, HandlerContext, ModelResponse, RequestFacts } from './contract.ts';
import { type FromHandler, type PlainPayload, STEPS, type Step, type ToHandler } from './protocol.ts';

type Script = ReadonlyMap<Step, (payload: ModelResponse, context: HandlerContext) => unknown>;

const sendToServer = process.send?.bind(process);
// Packages that find it take the server for a process manager of theirs, and tell it things.
delete process.send;

function send(message: FromHandler): void {
  sendToServer?.(message);
}

async function loadScript(path: string): Promise<Script> {
  const loaded = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  // A CommonJS module whose exports Node cannot list is all in `default`.
  const fromDefault = (loaded.default ?? {}) as Record<string, unknown>;
  const found = STEPS.map((step) => [step, loaded[step] ?? fromDefault[step]] as const);
  const functions = found.filter(([, exported]) => typeof exported === 'function');
  return new Map(functions as [Step, (payload: ModelResponse, context: HandlerContext) => unknown][]);
}

/** Calls to the model that wait for their answer. */
const predictions = new Map<number, (response: ModelResponse) => void>();
let calls = 0;

function contextOf(facts: RequestFacts): HandlerContext {
  return {
    ...facts,
    predict(body) {
      const call = calls++;
      const { promise, resolve } = Promise.withResolvers<ModelResponse>();
      predictions.set(call, resolve);
      send({ type: 'predict', call, body: toBytes(body) });
      return promise;
    },
  };
}

function payloadOf({ bytes, statusCode }: PlainPayload): ModelResponse {
  const text = () => new TextDecoder().decode(bytes);
  return { bytes, statusCode, text, json: () => JSON.parse(text()) as unknown };
}

function toBytes(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  if (text === undefined) throw new TypeError('A handler must return text, bytes or JSON; it returned nothing.');
  return new TextEncoder().encode(text);
}

/** Bytes with a text, or a text with what looks like a media type, are a body with its type; anything else is a body. */
function isTyped(answer: unknown): answer is readonly [Body, string] {
  if (!Array.isArray(answer) || answer.length !== 2) return false;
  const [body, type] = answer as readonly unknown[];
  if (typeof type !== 'string') return false;
  return body instanceof Uint8Array || (typeof body === 'string' && (type === '' || type.includes('/')));
}

async function run(script: Script, { step, payload, facts }: Extract<ToHandler, { type: 'run' }>): Promise<void> {
  try {
    const answer = (await script.get(step)!(payloadOf(payload), contextOf(facts))) as Answer;
    const [body, contentType] = step !== 'inputHandler' && isTyped(answer) ? answer : [answer, undefined];
    send({ type: 'done', body: toBytes(body), contentType });
  } catch (thrown) {
    send(describe(thrown));
  }
}

function describe(thrown: unknown): FromHandler {
  if (!(thrown instanceof Error)) return { type: 'failed', message: String(thrown) };
  const { statusCode } = thrown as { statusCode?: unknown };
  return {
    type: 'failed',
    message: thrown.message,
    ...(typeof statusCode === 'number' && { statusCode }),
    ...(thrown.stack !== undefined && { stack: thrown.stack }),
  };
}

async function main(path: string): Promise<void> {
  try {
    const script = await loadScript(path);
    process.on('message', (message: ToHandler) => {
      if (message.type === 'run') {
        void run(script, message);
        return;
      }
      predictions.get(message.call)?.(payloadOf(message.response));
      predictions.delete(message.call);
    });
    send({ type: 'ready', steps: [...script.keys()] });
  } catch (thrown) {
    send({ type: 'broken', message: thrown instanceof Error ? thrown.message : String(thrown) });
  }
}

// The server has gone: whatever runs here has nobody to answer.
process.on('disconnect', () => process.exit(0));
await main(process.argv[2]!);
