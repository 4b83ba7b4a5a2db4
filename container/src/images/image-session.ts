/**
 * A session whose image inputs take files instead of pixels: the recipe runs on each image, in the thread and the
 * TensorFlow of the model, and what the model sees is the batch of results.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TwinvecError } from '#core/errors.ts';
import { checkImage } from '#core/images/image-header.ts';
import type { NamedTensors, Tensor, TensorOf, TensorSpec } from '#core/tensors/tensor.ts';
import type { Session, Signature } from '../engine/session.ts';
import { writeSavedModel } from '../savedmodel/saved-model.ts';
import { PREPROCESSING, pixelShape, preprocessingModel } from './preprocessing-graph.ts';
import type { ImageRecipe, ImageRecipes } from './recipe.ts';

/** One image's pixels, in the recipe's shape. */
type Preprocess = (image: Uint8Array) => Float32Array;

/**
 * @param model closed when a recipe does not fit
 * @param open opens a SavedModel folder in the engine of `model`
 * @throws TwinvecError InvalidArtifact when a recipe does not fit the model
 */
export async function withImageRecipes(
  model: Session,
  recipes: ImageRecipes,
  open: (savedModelDir: string) => Session,
): Promise<Session> {
  try {
    requireFit(model, recipes);
    const opened = await Promise.all(
      [...recipes].map(async ([name, recipe]) => [name, { recipe, session: await openRecipe(recipe, open) }] as const),
    );
    return new ImageSession(model, new Map(opened));
  } catch (error) {
    model.close();
    throw error;
  }
}

/** The signatures as callers see them: an input with a recipe takes files, one a row. */
export function withFileInputs(
  signatures: ReadonlyMap<string, Signature>,
  recipes: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, Signature> {
  const file: TensorSpec = { dtype: 'string', shape: [-1] };
  const changed = (inputs: Signature['inputs']) =>
    Object.fromEntries(Object.entries(inputs).map(([name, spec]) => [name, recipes.has(name) ? file : spec]));
  return new Map([...signatures].map(([name, { inputs, ...rest }]) => [name, { ...rest, inputs: changed(inputs) }]));
}

async function openRecipe(recipe: ImageRecipe, open: (savedModelDir: string) => Session): Promise<Session> {
  const folder = await mkdtemp(join(tmpdir(), 'twinvec-recipe-'));
  try {
    await writeSavedModel(folder, preprocessingModel(recipe));
    return open(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function requireFit({ signatures }: Session, recipes: ImageRecipes): void {
  for (const [name, recipe] of recipes) {
    const specs = [...signatures.values()].map(({ inputs }) => inputs[name]).filter((spec) => spec !== undefined);
    const shape = [-1, ...pixelShape(recipe)];
    if (specs.length === 0) throw misfit(name, 'no signature has such an input');
    const other = specs.find((spec) => !fits(spec, shape));
    if (other) throw misfit(name, `it gives float32 [${shape}] where the model takes ${other.dtype} [${other.shape}]`);
  }
}

function fits({ dtype, shape }: TensorSpec, made: readonly number[]): boolean {
  if (dtype !== 'float32') return false;
  return (
    shape === undefined ||
    (shape.length === made.length && shape.every((size, at) => size < 0 || size === made[at] || made[at]! < 0))
  );
}

function misfit(name: string, why: string): TwinvecError {
  return new TwinvecError('InvalidArtifact', `twinvec.json has a recipe for the input "${name}", but ${why}.`);
}

interface OpenRecipe {
  readonly recipe: ImageRecipe;
  readonly session: Session;
}

class ImageSession implements Session {
  readonly engine;
  readonly signatures: ReadonlyMap<string, Signature>;
  readonly #model: Session;
  readonly #recipes: ReadonlyMap<string, OpenRecipe>;

  constructor(model: Session, recipes: ReadonlyMap<string, OpenRecipe>) {
    this.engine = model.engine;
    this.#model = model;
    this.#recipes = recipes;
    this.signatures = withFileInputs(model.signatures, recipes);
  }

  run(signature: string, inputs: NamedTensors, outputs?: readonly string[]): NamedTensors {
    const ready = Object.entries(inputs).map(([name, tensor]) => {
      const found = this.#recipes.get(name);
      return [name, found && tensor.dtype === 'string' ? toPixels(tensor, found) : tensor] as const;
    });
    return this.#model.run(signature, Object.fromEntries(ready), outputs);
  }

  close(): void {
    for (const { session } of this.#recipes.values()) session.close();
    this.#model.close();
  }
}

function toPixels({ data }: TensorOf<'string'>, { recipe, session }: OpenRecipe): Tensor {
  const one = pixelShape(recipe);
  const size = one.reduce((product, side) => product * side, 1);
  const pixels = new Float32Array(size * data.length);
  const preprocess = preprocessWith(session);
  data.forEach((image, record) => {
    try {
      checkImage(image);
      pixels.set(preprocess(image), record * size);
    } catch (thrown) {
      throw atRecord(thrown, record);
    }
  });
  return { dtype: 'float32', shape: [data.length, ...one], data: pixels };
}

function preprocessWith(session: Session): Preprocess {
  return (image) => {
    const input: NamedTensors = { [PREPROCESSING.image]: { dtype: 'string', shape: [], data: [image] } };
    const { pixels } = session.run(PREPROCESSING.signature, input);
    return pixels!.data as Float32Array;
  };
}

/** What TensorFlow's decoders refuse is the image's fault: nothing else can go wrong in a recipe. */
function atRecord(thrown: unknown, record: number): TwinvecError {
  if (thrown instanceof TwinvecError && thrown.code !== 'ModelFailed') {
    return new TwinvecError(thrown.code, `Image ${record}: ${thrown.message}`, { record, cause: thrown });
  }
  return new TwinvecError('InvalidImage', `Image ${record} cannot be decoded.`, { record, cause: thrown });
}
