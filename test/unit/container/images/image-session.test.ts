/** Image files as the input of a model that takes pixels, by a declared recipe. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openNativeSession } from '../../../../container/src/engine/native/session.ts';
import type { Session } from '../../../../container/src/engine/session.ts';
import { withImageRecipes } from '../../../../container/src/images/image-session.ts';
import { ImageRecipe } from '../../../../container/src/images/recipe.ts';
import { attr } from '../../../../container/src/savedmodel/attributes.ts';
import { GraphDefBuilder } from '../../../../container/src/savedmodel/graph-def.ts';
import { writeSavedModel } from '../../../../container/src/savedmodel/saved-model.ts';
import { temporaryFolder } from '../../../fixtures/savedmodel/temporary-folder.ts';
import { nativeEngine } from '../../../native-engine.ts';

const fixture = (name: string) => readFileSync(new URL(`../../../fixtures/images/${name}`, import.meta.url));
const PIXELS = JSON.parse(fixture('pixels.json').toString()) as Record<string, number[]>;
const AS_IT_IS = { resize: { height: 6, width: 8 } };

/** A model that gives back the pixels it gets. */
async function echoOf(shape: readonly number[]): Promise<Session> {
  const folder = join(await temporaryFolder(), '1');
  const graph = new GraphDefBuilder();
  const pixels = graph.placeholder('pixels', 'float32', [-1, ...shape]);
  const same = graph.node('Identity', 'same', [pixels], { T: attr.type('float32') });
  const spec = (node: string) => ({ node, dtype: 'float32' as const, shape: [-1, ...shape] });
  const serving_default = { inputs: { image: spec(`${pixels}:0`) }, outputs: { same: spec(`${same}:0`) } };
  await writeSavedModel(folder, { graph, signatures: { serving_default } });
  return openNativeSession(folder);
}

async function pixelsOf(images: readonly Uint8Array[], recipe: unknown, shape: readonly number[]) {
  const recipes = new Map([['image', ImageRecipe.parse(recipe)]]);
  const session = await withImageRecipes(await echoOf(shape), recipes, openNativeSession);
  try {
    const image = { dtype: 'string', shape: [images.length], data: images } as const;
    return session.run('serving_default', { image }).same!;
  } finally {
    session.close();
  }
}

/** Largest difference of any value. */
function distance(one: Iterable<number>, other: readonly number[]): number {
  return Math.max(...Array.from(one, (value, at) => Math.abs(value - other[at]!)));
}

describe.skipIf(!nativeEngine.available)(`an image recipe${nativeEngine.note}`, () => {
  it.each(Object.keys(PIXELS))('I5: reads in %s what Pillow reads', async (name) => {
    // Act
    const { shape, data } = await pixelsOf([fixture(name)], AS_IT_IS, [6, 8, 3]);

    // Assess: TensorFlow asks libjpeg for its fast transform, Pillow for the exact one; they differ by some levels.
    const tolerance = name.endsWith('.jpg') ? 12 : 0;
    expect(shape).toEqual([1, 6, 8, 3]);
    expect(distance(data as Float32Array, PIXELS[name]!)).toBeLessThanOrEqual(tolerance);
  });

  it('makes one batch of images of different formats', async () => {
    const names = ['rgb.png', 'gray.jpg', 'palette.png'];
    const { shape } = await pixelsOf(names.map(fixture), AS_IT_IS, [6, 8, 3]);
    expect(shape).toEqual([3, 6, 8, 3]);
  });

  it('scales, centres and divides by channel', async () => {
    const recipe = { ...AS_IT_IS, scale: 1 / 255, mean: [0.5, 0.25, 0], std: [0.5, 1, 2] };
    const { data } = await pixelsOf([fixture('rgb.png')], recipe, [6, 8, 3]);
    const wanted = PIXELS['rgb.png']!.map((pixel, at) => (pixel / 255 - recipe.mean[at % 3]!) / recipe.std[at % 3]!);
    expect(distance(data as Float32Array, wanted)).toBeLessThan(1e-5);
  });

  it('puts channels first when the model wants them there', async () => {
    const { data } = await pixelsOf([fixture('rgb.png')], { ...AS_IT_IS, layout: 'NCHW' }, [3, 6, 8]);
    const planes = [0, 1, 2].flatMap((channel) => PIXELS['rgb.png']!.filter((_, at) => at % 3 === channel));
    expect([...(data as Float32Array)]).toEqual(planes);
  });

  it('with fit cover keeps proportions and cuts the sides evenly', async () => {
    // The image is 8 wide and 6 high: covering 3 x 3 shrinks it to 4 x 3, of which the middle columns stay.
    const resize = { height: 6, width: 6, fit: 'cover' };
    const { data } = await pixelsOf([fixture('rgb.png')], { resize }, [6, 6, 3]);
    const wanted = PIXELS['rgb.png']!.filter((_, at) => {
      const column = Math.floor(at / 3) % 8;
      return column >= 1 && column <= 6;
    });
    expect([...(data as Float32Array)]).toEqual(wanted);
  });

  it.each(['bilinear', 'bicubic', 'nearest'])('resizes to a constant what is constant, %s', async (method) => {
    const { data } = await pixelsOf([fixture('gray.png')], { resize: { height: 1, width: 1, method } }, [1, 1, 3]);
    const [red, green, blue] = data as Float32Array;
    expect(red).toBeGreaterThan(0);
    expect([green, blue]).toEqual([red, red]);
  });

  it.each([
    ['I7: a PNG with a wrong checksum', () => Uint8Array.from(fixture('rgb.png')).fill(0, 40, 60), 'InvalidImage'],
    ['a JPEG of another size than it has data for', () => fixture('rgb.jpg').subarray(0, 400), 'InvalidImage'],
    ['text', () => new TextEncoder().encode('this is not an image'), 'UnsupportedMediaType'],
  ])('refuses %s, naming the record', async (_what, image, code) => {
    const refused = pixelsOf([fixture('rgb.png'), image()], AS_IT_IS, [6, 8, 3]);
    await expect(refused).rejects.toMatchObject({ code, record: 1 });
  });

  it('must fit the model', async () => {
    const refused = pixelsOf([], { resize: { height: 5, width: 8 } }, [6, 8, 3]);
    await expect(refused).rejects.toThrow('it gives float32 [-1,5,8,3] where the model takes float32 [-1,6,8,3]');
  });
});
