/**
 * Where the folder of a model lies that the platform asks for: below the folder of all models, wherever its text or its
 * links lead.
 */
import { realpathSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';

/**
 * The real path of `url`.
 * @throws TwinvecError NotFound, in the words of AWS's container, when it is no folder below `modelsDir`
 */
export function modelFolder(modelsDir: string, name: string, url: string): string {
  const folder = realPath(url);
  const root = realPath(modelsDir);
  if (folder === undefined || root === undefined) throw noBasePath(name, url, 'there is nothing');
  const inside = relative(root, folder);
  if (!isAbsolute(url) || inside === '' || inside.split('/')[0] === '..') {
    throw noBasePath(name, url, `it does not lie below ${modelsDir}`);
  }
  return folder;
}

export function noBasePath(name: string, url: string, why: string): TwinvecError {
  const path = quoteForMessage(url).slice(1, -1);
  return new TwinvecError('NotFound', `Could not find valid base path ${path} for servable ${name}: ${why}.`);
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
