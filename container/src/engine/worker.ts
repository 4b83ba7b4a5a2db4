/**
 * The engine thread: opens the model, warms it up and runs one call after the other. Calls block this thread, so the
 * next one waits in the message port and starts without a round trip through the HTTP thread.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { TwinvecError } from '#core/errors.ts';
import { freeTensorsNow } from '#core/memory/free-now.ts';
import type { EngineCall, EngineResult, WarmUpCall } from './engine-call.ts';
import type { EngineChoice, Session } from './session.ts';
import { hasFiniteValues, hasRows, transferables } from './tensor-rows.ts';
import type { FromWorker, ToWorker, WorkerError, WorkerStart } from './worker-protocol.ts';

type OpenSession = (
  modelDir: string,
  engine: EngineChoice,
  log: (line: string) => void,
  sessionData: unknown,
) => Promise<Session>;

function runCall(session: Session, call: EngineCall): EngineResult {
  const startedMs = performance.now();
  const outputs = session.run(call.signature, call.inputs, call.outputs);
  return {
    outputs,
    finite: call.takesNonFinite || hasFiniteValues(outputs),
    inferenceMs: performance.now() - startedMs,
  };
}

const OUT_OF_MEMORY = /out of memory|\bOOM\b|RESOURCE_EXHAUSTED|Array buffer allocation failed/i;

function describeFailure(thrown: unknown): WorkerError {
  const cause = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  if (OUT_OF_MEMORY.test(cause)) {
    return { code: 'OutOfMemory', message: 'The records of this request do not fit into memory.', cause };
  }
  // Our own text names no path and no stack.
  if (thrown instanceof TwinvecError) return { code: thrown.code, message: thrown.message, cause };
  return { code: 'ModelFailed', message: 'The model failed on this request. The server log has the cause.', cause };
}

function describeBrokenModel(thrown: unknown): WorkerError {
  const cause = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  if (thrown instanceof TwinvecError) {
    const isOurs = ['EngineUnavailable', 'NonFiniteOutput', 'OutOfMemory'].includes(thrown.code);
    return { code: isOurs ? thrown.code : 'InvalidArtifact', message: thrown.message, cause };
  }
  if (OUT_OF_MEMORY.test(cause)) return { code: 'OutOfMemory', message: 'The model does not fit into memory.', cause };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: 'InvalidArtifact', message: `The model could not be opened: ${message}`, cause };
}

function warmUp(session: Session, calls: readonly WarmUpCall[], log: (line: string) => void): void {
  for (const call of calls) {
    if (call.mayFail) {
      tryWarmUp(session, call, log);
      continue;
    }
    const { outputs, finite } = runCall(session, call);
    if (!finite) throw new TwinvecError('NonFiniteOutput', 'The warm-up inference gave NaN or infinity.');
    if (call.rows !== undefined && !hasRows(outputs, call.rows)) {
      throw new TwinvecError(
        'InvalidArtifact',
        'The warm-up inference did not give one row of output per row of input.',
      );
    }
  }
}

function tryWarmUp(session: Session, call: WarmUpCall, log: (line: string) => void): void {
  try {
    runCall(session, call);
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    log(`signature ${call.signature} did not take a warm-up of zeros; its first request is slower: ${said}`);
  }
}

function serveCalls(session: Session, port: MessagePort): void {
  const send = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  port.on('message', (message: ToWorker) => {
    if (message === 'close') {
      session.close();
      port.close();
      return;
    }
    const { id, call } = message;
    try {
      const result = runCall(session, call);
      // They were moved to this thread, and nothing else sees them.
      freeTensorsNow(call.inputs);
      send({ type: 'done', id, result }, transferables(result.outputs));
    } catch (thrown) {
      send({ type: 'failed', id, error: describeFailure(thrown) });
    }
  });
}

async function main(port: MessagePort, start: WorkerStart): Promise<void> {
  const send = (message: FromWorker) => port.postMessage(message);
  try {
    const { openSession } = (await import(start.sessionModule)) as { openSession: OpenSession };
    const log = (line: string) => send({ type: 'log', line });
    const { requireGpu, usesGpu } = await import('./gpu.ts');
    if (start.requiresGpu) requireGpu(start.engine);
    const session = await openSession(start.modelDir, start.engine, log, start.sessionData);
    warmUp(session, start.warmUp, log);
    serveCalls(session, port);
    const runs = { engine: session.engine, onGpu: usesGpu(session.engine) };
    send({ type: 'ready', runs, signatures: [...session.signatures.keys()] });
  } catch (thrown) {
    send({ type: 'broken', error: describeBrokenModel(thrown) });
  }
}

if (!parentPort) throw new Error('This is a bug: the engine worker was started as a main thread');
await main(parentPort, workerData as WorkerStart);
