/**
 * A serving process of any kind of models: from the environment to a listening server, and from a signal to an exit
 * code. The only place in serving that handles signals or ends the process.
 */
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import { parseServingConfig, type ServingConfig } from './config/serving-config.ts';
import { setGpuMemoryMargin, setTensorFlowThreads, TENSORFLOWS_CHOICE } from './engine/native/environment.ts';
import { watchEventLoop } from './event-loop-watch.ts';
import { type FoundModels, InferenceServer } from './inference-server.ts';
import { createLogger, type LogFields, type Logger } from './log/logger.ts';
import { becomeReader } from './process-user.ts';

/** Finds what the model folder of the configuration holds. Throws InvalidArtifact. */
export type FindModels = (config: ServingConfig) => Promise<FoundModels>;

/** Runs until a signal, or a model that cannot be served, ends the process. */
export async function serveModels(env: NodeJS.ProcessEnv, findModels: FindModels): Promise<void> {
  let log = createLogger('info');
  try {
    const config = parseServingConfig(env);
    log = createLogger(config.logLevel);
    setGpuMemoryMargin(config);
    const keptRoot = becomeReader(config.runAs, config.baseDir);
    if (keptRoot !== undefined) log.warn('runs_as_root', { reason: keptRoot });
    const found = await findModels(config);
    setTensorFlowThreads(config, found.threads ?? TENSORFLOWS_CHOICE);
    await startProcess(config, found, log);
  } catch (thrown) {
    await endProcess(log, 1, 'start_failed', describeStartFailure(thrown));
  }
}

async function startProcess(config: ServingConfig, found: FoundModels, log: Logger): Promise<void> {
  let isStopping = false;
  const stop = async (exitCode: number, fields: Readonly<Record<string, string>>) => {
    if (isStopping) return;
    isStopping = true;
    log.info('stopping', fields);
    const refused = await server.drain();
    const { longestBlockMs } = eventLoop;
    const facts = { refused, ...server.counters.snapshot(), longestBlockMs };
    await endProcess(log, refused > 0 ? 1 : exitCode, 'stopped', facts);
  };
  const eventLoop = watchEventLoop(log);
  const server = new InferenceServer({
    config,
    found,
    log,
    onEngineLost: ({ code, message }) => void stop(1, { code, message }),
  });
  handleSignals(stop, log);
  for (const start of found.servables) await server.load(start);
  const { port, address } = await server.listen();
  log.info('listening', { address, port, batch: config.batch, preferredMode: config.preferredMode });
  // A broken model ends the process through onEngineLost.
  await server.ready().catch(() => {});
}

function handleSignals(stop: (exitCode: number, fields: Record<string, string>) => Promise<void>, log: Logger): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) process.on(signal, () => void stop(0, { signal }));
  // A closing terminal is no reason to stop serving.
  process.on('SIGHUP', () => {});
  const crash = (thrown: unknown) => {
    log.error('crashed', { cause: thrown instanceof Error ? thrown.stack : String(thrown) });
    void stop(1, { reason: 'crashed' });
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}

async function endProcess(log: Logger, exitCode: number, event: string, fields: LogFields): Promise<void> {
  log[exitCode === 0 ? 'info' : 'error'](event, fields);
  await log.close();
  process.exit(exitCode);
}

function describeStartFailure(thrown: unknown): Record<string, string> {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return { code, message: `${(thrown as Error).message}. Choose another SAGEMAKER_BIND_TO_PORT or TWINVEC_HOST.` };
  }
  if (thrown instanceof TwinvecError) return { code: thrown.code, message: thrown.message };
  return { code: 'Internal', message: String(thrown), cause: toTwinvecError(thrown).stack ?? '' };
}
