/**
 * Draws the images of this example, which the repository ships; `node examples/image-classification/draw-images.ts`
 * makes them again. JPEG and PNG are written by TensorFlow's own kernels.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openNativeSession } from '../../container/src/engine/native/session.ts';
import { attr } from '../../container/src/savedmodel/attributes.ts';
import { GraphDefBuilder } from '../../container/src/savedmodel/graph-def.ts';
import { writeSavedModel } from '../../container/src/savedmodel/saved-model.ts';

const HEIGHT = 96;
const WIDTH = 128;
const IMAGES_DIR = new URL('./images/', import.meta.url);

type Colour = readonly [red: number, green: number, blue: number];
/** How much of the second colour there is at a place, 0 to 1. */
type Pattern = (x: number, y: number) => number;

const wave = (at: number, period: number) => (Math.sin((2 * Math.PI * at) / period) > 0 ? 1 : 0);

const IMAGES: Readonly<Record<string, readonly [Pattern, Colour, Colour]>> = {
  'awning.jpg': [(x) => wave(x, 26), [250, 245, 235], [190, 30, 45]],
  'blinds.jpg': [(_, y) => wave(y, 20), [60, 70, 80], [235, 238, 240]],
  'chessboard.jpg': [(x, y) => Number(wave(x, 24) !== wave(y, 24)), [240, 217, 181], [60, 35, 20]],
  'fence.png': [(x) => wave(x + 5, 32), [30, 90, 40], [225, 200, 160]],
  'fog.jpg': [(x, y) => (x + y) / (WIDTH + HEIGHT), [200, 205, 210], [225, 228, 230]],
  'tiles.png': [(x, y) => Number(wave(x, 32) !== wave(y, 24)), [15, 60, 110], [240, 240, 245]],
};

async function openEncoder() {
  const folder = await mkdtemp(join(tmpdir(), 'twinvec-draw-'));
  const graph = new GraphDefBuilder();
  const floats = graph.placeholder('pixels', 'float32', [HEIGHT, WIDTH, 3]);
  const pixels = graph.node('Cast', 'bytes', [floats], { SrcT: attr.type('float32'), DstT: attr.type('uint8') });
  const jpg = graph.node('EncodeJpeg', 'jpg', [pixels], { quality: attr.int(85) });
  const png = graph.node('EncodePng', 'png', [pixels], { T: attr.type('uint8') });
  const file = (node: string) => ({ node: `${node}:0`, dtype: 'string', shape: [] }) as const;
  const inputs = { pixels: { node: `${floats}:0`, dtype: 'float32', shape: [HEIGHT, WIDTH, 3] } } as const;
  await writeSavedModel(folder, {
    graph,
    signatures: { encode: { inputs, outputs: { jpg: file(jpg), png: file(png) } } },
  });
  const session = openNativeSession(folder);
  await rm(folder, { recursive: true });
  return session;
}

function draw([pattern, from, to]: readonly [Pattern, Colour, Colour]): Float32Array {
  const data = new Float32Array(HEIGHT * WIDTH * 3);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const share = pattern(x, y);
      for (const channel of [0, 1, 2] as const) {
        data[(y * WIDTH + x) * 3 + channel] = Math.round(from[channel] + share * (to[channel] - from[channel]));
      }
    }
  }
  return data;
}

const encoder = await openEncoder();
for (const [name, image] of Object.entries(IMAGES)) {
  const pixels = { dtype: 'float32', shape: [HEIGHT, WIDTH, 3], data: draw(image) } as const;
  const format = name.endsWith('.png') ? 'png' : 'jpg';
  const file = encoder.run('encode', { pixels }, [format])[format]!.data[0];
  await writeFile(new URL(name, IMAGES_DIR), file as Uint8Array);
}
encoder.close();
