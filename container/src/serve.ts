/**
 * `serve`: SageMaker's inference container for the models in the base folder.
 */
import { servingHelp } from './config/serving-config.ts';
import { findModels } from './find-models.ts';
import { serveModels } from './serving-process.ts';

/** Runs until a signal ends the process. `argv` is what follows the verb. */
export async function runServe(env: NodeJS.ProcessEnv, argv: readonly string[]): Promise<void> {
  if (argv.includes('--help')) {
    process.stdout.write(`Usage: serve\n\nAnswers /ping, /invocations and /execution-parameters.\n\n${servingHelp()}`);
    return;
  }
  await serveModels(env, findModels);
}
