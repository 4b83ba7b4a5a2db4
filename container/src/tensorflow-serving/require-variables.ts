/**
 * A SavedModel whose variables are not all there, told of by the name of the file: TensorFlow itself says no more than that
 * some file is missing.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TwinvecError } from '#core/errors.ts';

const FOLDER = 'variables';
const INDEX = 'variables.index';
const SHARD = /^variables\.data-(\d{5})-of-(\d{5})$/;

/**
 * @param model the beginning of the message, such as `Model resnet, version 1,`
 * @throws TwinvecError InvalidArtifact
 */
export function requireVariables(savedModelDir: string, model: string): void {
  const names = new Set(namesIn(join(savedModelDir, FOLDER)));
  const shards = [...names].map((name) => SHARD.exec(name)).filter((match) => match !== null);
  // A model without variables has neither.
  if (shards.length === 0 && !names.has(INDEX)) return;
  const count = Math.max(1, ...shards.map(([, , total]) => Number(total)));
  const digits = (value: number) => String(value).padStart(5, '0');
  const wanted = Array.from({ length: count }, (_, i) => `variables.data-${digits(i)}-of-${digits(count)}`);
  const missing = [INDEX, ...wanted].find((name) => !names.has(name));
  if (missing) throw new TwinvecError('InvalidArtifact', `${model} lacks ${FOLDER}/${missing}.`);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
