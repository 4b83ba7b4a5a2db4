/**
 * `twinvec serve`: the container's own `serve` entry point on a model folder or archive, on this machine.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { layOutModel } from '../../local/hosting/model-folder.ts';
import { runContainer } from '../run-container.ts';

interface ServeOptions {
  readonly model: string;
  readonly port: string;
  readonly host: string;
  readonly engine: string;
}

const EXAMPLES = `
Examples:
  $ twinvec serve --model model
  $ twinvec serve --model half_plus_two --engine tensorflow      (SavedModels: docs/tensorflow-models.md)
  $ twinvec serve --model model.tar.gz --port 9000 --engine js
  $ twinvec invoke '{"instances":[{"in0":[6,17,606],"in1":[16,21,13]}]}'      (in another terminal)

Further settings are environment variables; a wrong one is refused at start with what is allowed (docs/serving.md).
`;

export function serveCommand(): Command {
  return new Command('serve')
    .description('Serve a model on this machine: /ping, /invocations and /execution-parameters as on SageMaker.')
    .requiredOption(
      '--model <path>',
      'model folder of `twinvec train` or with TensorFlow SavedModels, or a model.tar.gz',
    )
    .addOption(new Option('--port <port>', 'port to listen on').env('SAGEMAKER_BIND_TO_PORT').default('8080'))
    .addOption(new Option('--host <address>', 'address to listen on').env('TWINVEC_HOST').default('127.0.0.1'))
    .option('--engine <engine>', 'tensorflow, js or auto', process.env.TWINVEC_ENGINE ?? 'auto')
    .addHelpText('after', EXAMPLES)
    .action(serve);
}

async function serve({ model, port, host, engine }: ServeOptions): Promise<void> {
  const base = await mkdtemp(join(tmpdir(), 'twinvec-serve-'));
  try {
    await layOutModel(model, base);
    process.exitCode = await runContainer('serve', {
      SAGEMAKER_BASE_DIR: base,
      SAGEMAKER_BIND_TO_PORT: port,
      TWINVEC_HOST: host,
      TWINVEC_ENGINE: engine,
    });
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}
