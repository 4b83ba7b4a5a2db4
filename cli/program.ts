/** The verbs of the `twinvec` command. */
import { Command } from 'commander';
import { evaluateCommand } from './commands/evaluate.ts';
import { invokeCommand } from './commands/invoke.ts';
import { localCommand } from './commands/local.ts';
import { indexCommand } from './commands/neighbour-index.ts';
import { neighboursCommand } from './commands/neighbours.ts';
import { planCommand } from './commands/plan.ts';
import { prepareCommand } from './commands/prepare.ts';
import { serveCommand } from './commands/serve.ts';
import { trainCommand } from './commands/train.ts';
import { transformCommand } from './commands/transform.ts';
import { exitWithError } from './exit.ts';

/** Runs the verb that the process was started with. */
export async function runProgram(): Promise<void> {
  const program = new Command('twinvec')
    .description('Train, serve and batch-transform Object2Vec models as SageMaker does, on this machine.')
    .addCommand(prepareCommand())
    .addCommand(trainCommand())
    .addCommand(serveCommand())
    .addCommand(transformCommand())
    .addCommand(neighboursCommand())
    .addCommand(evaluateCommand())
    .addCommand(indexCommand())
    .addCommand(planCommand())
    .addCommand(invokeCommand())
    .addCommand(localCommand())
    .showHelpAfterError('(add --help for the options and examples)');

  await program.parseAsync().catch(exitWithError);
}
