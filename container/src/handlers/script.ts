/**
 * Where a model keeps its handlers: `code/inference.ts` (or .mts, .js, .mjs, .cjs) in the model folder, as AWS's container has
 * `code/inference.py`. What the script imports lies beside it, in `code/node_modules` or in a bundle: nothing is ever
 * installed when a server starts.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TwinvecError } from '#core/errors.ts';

const CODE_FOLDER = 'code';
const SCRIPT_NAMES = ['ts', 'mts', 'js', 'mjs', 'cjs'].map((extension) => `inference.${extension}`);
const PYTHON_SCRIPT = 'inference.py';

/**
 * @returns the script's path, or undefined when the model has no handlers
 * @throws TwinvecError InvalidArtifact when there are several scripts, or only one in Python
 */
export function findHandlerScript(modelDir: string): string | undefined {
  const folder = join(modelDir, CODE_FOLDER);
  const found = SCRIPT_NAMES.filter((name) => existsSync(join(folder, name)));
  if (found.length > 1) {
    throw new TwinvecError('InvalidArtifact', `code/ holds ${found.join(' and ')}. Leave one of them.`);
  }
  const [name] = found;
  if (name) return join(folder, name);
  if (!existsSync(join(folder, PYTHON_SCRIPT))) return undefined;
  throw new TwinvecError(
    'InvalidArtifact',
    'code/inference.py is Python, which this server does not run. Port it to code/inference.ts, or take it out to serve the model without it.',
  );
}
