/**
 * `serve`: SageMaker's inference container for the model in the base folder.
 */
import { servingHelp } from './config/serving-config.ts';
import { openObject2VecModel } from './object2vec/serving-model.ts';
import { serveModel } from './serving-process.ts';

/** Runs until a signal ends the process. `argv` is what follows the verb. */
export async function runServe(env: NodeJS.ProcessEnv, argv: readonly string[]): Promise<void> {
  if (argv.includes('--help')) {
    process.stdout.write(`Usage: serve\n\nAnswers /ping, /invocations and /execution-parameters.\n\n${servingHelp()}`);
    return;
  }
  await serveModel(env, {
    openModel: openObject2VecModel,
    sessionModule: new URL('./object2vec/open-serving-session.ts', import.meta.url).href,
  });
}
