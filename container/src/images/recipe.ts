/**
 * How the pixels of a model's input come from image files, declared in `twinvec.json` beside its version folders: for
 * a model that takes a tensor of pixels, so that callers can send JPEG and PNG without a handler in between.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { TwinvecError } from '#core/errors.ts';

export const RECIPE_FILE = 'twinvec.json';
/** Of one side of a resized image. */
const MAX_SIDE = 4096;

const perChannel = z.union([z.number(), z.array(z.number()).min(1).max(4)]);

export const ImageRecipe = z
  .strictObject({
    /** 1 for grey, 3 for RGB, 4 for RGBA. */
    channels: z.union([z.literal(1), z.literal(3), z.literal(4)]).default(3),
    resize: z.strictObject({
      height: z.int().min(1).max(MAX_SIDE),
      width: z.int().min(1).max(MAX_SIDE),
      /** `fill` stretches; `cover` keeps the proportions and cuts what stands over, evenly on both sides. */
      fit: z.enum(['fill', 'cover']).default('fill'),
      /** TensorFlow's kernels with half-pixel centres, as tf.image.resize has them, without antialiasing. */
      method: z.enum(['bilinear', 'bicubic', 'nearest']).default('bilinear'),
    }),
    /** value = (pixel * scale - mean) / std; a pixel is 0 to 255. */
    scale: z.number().default(1),
    mean: perChannel.default(0),
    std: perChannel.default(1),
    layout: z.enum(['NHWC', 'NCHW']).default('NHWC'),
  })
  .refine(({ channels, mean, std }) => [mean, std].every((of) => !Array.isArray(of) || of.length === channels), {
    message: 'mean and std have one number, or one for each channel',
  })
  .refine(({ std }) => [std].flat().every((value) => value > 0), { message: 'std must be above 0', path: ['std'] });

const RecipeFile = z.strictObject({ preprocess: z.record(z.string(), ImageRecipe) });

export type ImageRecipe = z.infer<typeof ImageRecipe>;
/** By the name of the input in the model's signature. */
export type ImageRecipes = ReadonlyMap<string, ImageRecipe>;

/**
 * @returns no recipes when the folder has no `twinvec.json`
 * @throws TwinvecError InvalidArtifact listing everything that is wrong with the file
 */
export async function readImageRecipes(modelDir: string): Promise<ImageRecipes> {
  let text: string;
  try {
    text = await readFile(join(modelDir, RECIPE_FILE), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return new Map();
    throw new TwinvecError('InvalidArtifact', `${RECIPE_FILE} cannot be read (${code}).`, { cause: error });
  }
  return new Map(Object.entries(parseRecipes(text).preprocess));
}

function parseRecipes(text: string): z.infer<typeof RecipeFile> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TwinvecError('InvalidArtifact', `${RECIPE_FILE} is not JSON.`, { cause });
  }
  const parsed = RecipeFile.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = z.prettifyError(parsed.error).replaceAll('\n', ' ');
  throw new TwinvecError('InvalidArtifact', `${RECIPE_FILE} is not an image recipe: ${problems}`);
}
