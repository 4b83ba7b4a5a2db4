/** The archives of the example: a SavedModel in its version folder, and beside it what the job needs. */
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tar from 'tar';
import { writeImageModel, writePixelModel } from './model/classifier.ts';

export const HERE = fileURLToPath(new URL('.', import.meta.url));
const VERSION = '1538687370';

export interface Archives {
  /** `code/` and the model that takes JPEG, as the blog post packs them. */
  readonly withHandlers: string;
  /** The same without `code/`. */
  readonly bare: string;
  /** The model that takes pixels, with `twinvec.json`. */
  readonly withRecipe: string;
}

/** @param work emptied first */
export async function packArchives(work: string): Promise<Archives> {
  await rm(work, { recursive: true, force: true });
  const images = join(work, 'resnet_jpg');
  const pixels = join(work, 'resnet_pixels');
  await writeImageModel(join(images, VERSION));
  await writePixelModel(join(pixels, VERSION));
  await cp(join(HERE, 'twinvec.json'), join(pixels, 'twinvec.json'));
  const handled = join(work, 'resnet_jpg_with_code');
  await mkdir(handled);
  await cp(join(images, VERSION), join(handled, VERSION), { recursive: true });
  await cp(join(HERE, 'code'), join(handled, 'code'), { recursive: true });
  return {
    withHandlers: await pack(handled, join(work, 'model.tar.gz')),
    bare: await pack(images, join(work, 'bare.tar.gz')),
    withRecipe: await pack(pixels, join(work, 'pixels.tar.gz')),
  };
}

async function pack(folder: string, file: string): Promise<string> {
  await tar.create({ gzip: true, file, cwd: folder, portable: true }, (await readdir(folder)).sort());
  return file;
}

export interface ImageFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The images that the repository ships, by name. */
export async function readImages(): Promise<ImageFile[]> {
  const folder = join(HERE, 'images');
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })));
}
