/**
 * Bad input to SavedModels by the number of its fault (media types 2B, JSON 2C, images 2I), in the real server: each is
 * refused with its reason, and the server goes on.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeEveryType } from '../fixtures/savedmodel/every-type.ts';
import { writeImageClassifier, writeMultiplier } from '../fixtures/tensorflow/models.ts';
import { nativeEngine } from '../native-engine.ts';
import { rawExchange } from '../raw-http.ts';
import { type ServerProcess, startServer } from '../server-process.ts';

const JSON_TYPE = 'application/json';
const GOOD = '{"instances":[[1.0,2.5]]}';
const ANSWER = '{"predictions":[[2.0,5.0]]}';
const fixture = (name: string) => readFileSync(new URL(`../fixtures/images/${name}`, import.meta.url));
const photo = readFileSync(new URL('../../examples/image-classification/images/chessboard.jpg', import.meta.url));

let server: ServerProcess;

type Headers = Readonly<Record<string, string>>;

interface Reply {
  readonly status: number;
  readonly text: string;
  /** Of a refusal. */
  readonly code: string | undefined;
  readonly record: number | undefined;
}

async function send(body: string | Uint8Array, model: string, headers: Headers = {}): Promise<Reply> {
  const response = await fetch(`${server.url}/invocations`, {
    method: 'POST',
    headers: {
      'content-type': JSON_TYPE,
      'x-amzn-sagemaker-custom-attributes': `tfs-model-name=${model}`,
      ...headers,
    },
    body,
  });
  const text = await response.text();
  const { error } = response.ok ? {} : (JSON.parse(text) as { error?: { code: string; record?: number } });
  return { status: response.status, text, code: error?.code, record: error?.record };
}

const ask = (body: string | Uint8Array, headers?: Headers) => send(body, 'multiplier', headers);
const askForImage = (body: Uint8Array, contentType = 'application/x-image') =>
  send(body, 'images', { 'content-type': contentType });

/** Spec faults V1-V3. */
async function expectStillServing(): Promise<void> {
  expect((await fetch(`${server.url}/ping`)).status).toBe(200);
  expect(await ask(GOOD)).toMatchObject({ status: 200, text: ANSWER });
}

describe.skipIf(!nativeEngine.available)(`bad input to SavedModels${nativeEngine.note}`, () => {
  let folder = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'twinvec-faults-'));
    await writeMultiplier(join(folder, 'multiplier/1'), 2);
    await writeImageClassifier(join(folder, 'images/1'));
    await writeEveryType(join(folder, 'every/1'));
    server = await startServer({ modelDir: folder, env: { SAGEMAKER_TFS_ENABLE_BATCHING: 'true' } });
  });

  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('media types', () => {
    it.each([
      ['B2 capitals', 'Application/JSON'],
      ['B2 parameters and spaces', 'application/json ; charset=UTF-8'],
    ])('%s are read', async (_, contentType) => {
      expect(await ask(GOOD, { 'content-type': contentType })).toMatchObject({ status: 200, text: ANSWER });
    });

    it.each(['application/jsonlines', 'application/x-jsonlines', 'application/x-ndjson', 'application/jsons'])(
      'B4 %s is JSON Lines',
      async (contentType) => {
        const reply = await ask('[1.0,2.5]\n', { 'content-type': contentType });
        expect(reply).toMatchObject({ status: 200, text: '[2.0,5.0]\n' });
      },
    );

    it('B1 a body without Content-Type is JSON, and is not guessed to be anything else', async () => {
      const post = (body: string) =>
        rawExchange(
          server.port,
          `POST /invocations HTTP/1.1\r\nHost: t\r\nX-Amzn-SageMaker-Custom-Attributes: tfs-model-name=multiplier\r\n` +
            `Content-Length: ${body.length}\r\n\r\n${body}`,
        );
      expect(await post(GOOD)).toMatchObject({ status: 200, body: ANSWER });
      expect((await post('1,2.5\n'))?.status).toBe(400);
    });

    it.each([
      ['B3 utf-16', GOOD, 'application/json;charset=utf-16', 415],
      ['B3 latin1', GOOD, 'application/json;charset=latin1', 415],
      ['B4 an unknown spelling', GOOD, 'application/ldjson', 415],
      ['B5 JSON named CSV', GOOD, 'text/csv', 400],
      ['B5 CSV named JSON', '1,2.5\n', JSON_TYPE, 400],
      ['B6 a quote', GOOD, 'application/json"', 415],
      ['B6 1,025 characters', GOOD, `application/json;x=${'y'.repeat(1025 - 19)}`, 415],
      ['B10 a form', GOOD, 'multipart/form-data', 415],
      ['E1 words named CSV', 'a,b,c', 'text/csv', 422],
      ['E4 a header', 'a,b\n1,2\n', 'text/csv', 422],
    ])('%s is refused', async (_, body, contentType, status) => {
      expect((await ask(body, { 'content-type': contentType })).status).toBe(status);
      await expectStillServing();
    });

    it('B7 two Content-Type headers are refused', async () => {
      const head = `POST /invocations HTTP/1.1\r\nHost: t\r\nContent-Type: text/csv\r\nContent-Type: ${JSON_TYPE}\r\n`;
      expect((await rawExchange(server.port, `${head}Content-Length: 2\r\n\r\n{}`))?.status).toBe(400);
      await expectStillServing();
    });

    it.each(['*/*', 'application/*', 'text/html, application/json;q=0.5'])('B8 Accept %s is JSON', async (accept) => {
      expect(await ask(GOOD, { accept })).toMatchObject({ status: 200, text: ANSWER });
    });

    it('B8 an Accept that nothing matches is refused', async () => {
      expect(await ask(GOOD, { accept: 'text/html' })).toMatchObject({ status: 406, code: 'NotAcceptable' });
    });
  });

  describe('JSON', () => {
    const nested = (depth: number) => `{"instances":${'['.repeat(depth)}`;
    const manyKeys = () => `{${Array.from({ length: 400_000 }, (_, i) => `"k${i}":1`).join()}}`;
    const manyRows = () => `{"instances":[${'[1],'.repeat(100_000)}[1]]}`;

    it.each<[string, string | Uint8Array, number]>([
      ['C-1 cut off', '{"instances":[[1', 400],
      ['C-1 a comma too many', '{"instances":[[1,]]}', 400],
      ['C-1 single quotes', "{'instances':[[1]]}", 400],
      ['C-1 a comment', '{"instances":[[1]]/* x */}', 400],
      ['C-3 bytes that are no UTF-8', Buffer.from('7b22696e7374616e636573223a5b22ff225d7d', 'hex'), 400],
      ['C-3 a lone surrogate', '{"signature_name":"\\ud800","instances":[[1]]}', 400],
      ['C-4 a depth of 101', nested(101), 400],
      ['C-4 a depth of 10,000', nested(10_000), 400],
      ['C-4 a depth of 3,000,000', nested(3_000_000), 400],
      ['C-6 400,000 keys', manyKeys(), 400],
      ['C-7 __proto__', '{"__proto__":{"x":1},"instances":[[1]]}', 400],
      ['C-7 __proto__ in a record', '{"instances":[{"__proto__":[1]}]}', 400],
      ['C-8 a key twice', '{"instances":[[1]],"instances":[[2]]}', 400],
      ['C-9 1e400', '{"instances":[[1e400]]}', 422],
      ['C-10 no instances', '{"signature_name":"serving_default"}', 400],
      ['C-10 null', '{"instances":null}', 400],
      ['C-10 an object', '{"instances":{}}', 400],
      ['C-10 a string', '{"instances":"x"}', 400],
      ['C-10 an empty list', '{"instances":[]}', 400],
      ['C-11 instances and inputs', '{"instances":[[1]],"inputs":[[1]]}', 400],
      ['C-12 an unknown key', '{"instances":[[1]],"x":1}', 400],
      ['C-12 a signature that is no text', '{"signature_name":1,"instances":[[1]]}', 400],
      ['C-13 one record too many', manyRows(), 413],
      ['C-14 mixed types', '{"instances":[[1],["a"]]}', 422],
      ['C-15 a number in quotes', '{"instances":[["1.0"]]}', 422],
      ['C-15 true', '{"instances":[[true]]}', 422],
      ['C-15 null', '{"instances":[[null]]}', 422],
      ['C-16 a number', '1', 400],
      ['C-16 null', 'null', 400],
      ['C-16 text', '"str"', 400],
      ['C-16 an empty list', '[]', 400],
      ['C-17 brackets in a string', '{"instances":["\\"instances\\":]["]}', 422],
      ['C-19 nothing but spaces', ' \n ', 400],
      ['C-19 two documents', '{"instances":[[1]]}{"instances":[[2]]}', 400],
    ])('%s is refused', async (_, body, status) => {
      const reply = await ask(body);
      expect([reply.status, reply.text.slice(0, 300)]).toEqual([status, expect.stringContaining('"error"')]);
      expect(({} as { x?: unknown }).x).toBeUndefined();
      await expectStillServing();
    });

    it.each(['%%%', 'QQ=', 'Q Q==', 'QQ==\\n'])('C-18 base64 like %j is refused', async (b64) => {
      const reply = await send(`{"instances":[{"b64":"${b64}"}]}`, 'images');
      expect([400, 422]).toContain(reply.status);
      expect(reply.text).toContain('base64');
      await expectStillServing();
    });

    it('C-2 a byte order mark is passed over', async () => {
      expect(await ask(`\ufeff${GOOD}`)).toMatchObject({ status: 200, text: ANSWER });
    });

    it.each([
      ['C-9 2^53 + 1', 'int64', '9007199254740993', 200],
      ['C-9 2^63', 'int64', '9223372036854775808', 422],
      ['C-9 a fraction', 'int32', '1.5', 422],
      ['C-9 2^31', 'int32', '2147483648', 422],
    ])('%s as %s is exact or refused', async (_, signature, value, status) => {
      const reply = await send(`{"signature_name":"${signature}","instances":[${value}]}`, 'every');
      expect(reply.status).toBe(status);
      if (status === 200) expect(reply.text).toBe(`{"predictions":[${value}]}`);
    });

    it('C-14 a ragged record names itself, and requests beside it in the batch do not notice', async () => {
      const [good, bad, other] = await Promise.all([ask(GOOD), ask('{"instances":[[1,2],[3]]}'), ask(GOOD)]);
      expect(bad).toMatchObject({ status: 422, record: 1 });
      expect([good.text, other.text]).toEqual([ANSWER, ANSWER]);
    });

    it.each([
      ['C-20 more than there is', '(1000000, 1000000)'],
      ['C-20 an overflow', '(4294967296, 4294967296)'],
      ['C-20 a negative side', '(-1, 2)'],
    ])('%s as the shape of npy is refused before memory is taken', async (_, shape) => {
      const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117).concat('\n');
      const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
      const reply = await ask(Buffer.concat([head, Buffer.from(text), Buffer.alloc(8)]), {
        'content-type': 'application/x-npy',
      });
      expect([400, 413, 415, 422]).toContain(reply.status);
      await expectStillServing();
    });
  });

  describe('images', () => {
    /** A PNG's header with another size; the rest is as it was. */
    function pngOf(width: number, height: number): Uint8Array {
      const png = Uint8Array.from(fixture('rgb.png'));
      const view = new DataView(png.buffer);
      view.setUint32(16, width);
      view.setUint32(20, height);
      return png;
    }

    function manyScans(): Buffer {
      const jpeg = fixture('rgb.jpg');
      const at = jpeg.indexOf(Uint8Array.of(0xff, 0xda));
      const scan = jpeg.subarray(at, jpeg.length - 2);
      return Buffer.concat([jpeg.subarray(0, at), ...Array.from({ length: 5_000 }, () => scan)]);
    }

    /** `file` with a segment of `length` bytes of application data after its start. */
    function withApplicationData(segments: number): Buffer {
      const segment = Buffer.concat([Uint8Array.of(0xff, 0xe2, 0xff, 0xff), Buffer.alloc(65_533, 'ICC')]);
      return Buffer.concat([
        photo.subarray(0, 2),
        ...Array.from({ length: segments }, () => segment),
        photo.subarray(2),
      ]);
    }

    it('I1 cut at every KB is refused, as are nothing and one byte', async () => {
      const lengths = [0, 1, ...Array.from({ length: Math.floor(photo.length / 1024) }, (_, i) => (i + 1) * 1024)];
      for (const length of lengths) {
        const { status } = await askForImage(photo.subarray(0, length));
        expect([length, [400, 422].includes(status) ? 'refused' : status]).toEqual([length, 'refused']);
      }
      expect((await askForImage(photo)).status).toBe(200);
      await expectStillServing();
    });

    it.each<[string, string, Uint8Array, number, string]>([
      ['I2 a JPEG named PNG', 'image/png', fixture('rgb.jpg'), 415, 'UnsupportedMediaType'],
      ['I2 a PNG named JPEG', 'image/jpeg', fixture('rgb.png'), 415, 'UnsupportedMediaType'],
      ['I2 a GIF', 'application/x-image', Buffer.from('GIF89a, by its first bytes'), 415, 'UnsupportedMediaType'],
      ['I2 an SVG', 'image/png', Buffer.from('<svg xmlns="http://www.w3.org/"/>'), 415, 'UnsupportedMediaType'],
      [
        'I2 a PDF with an image in it',
        'image/jpeg',
        Buffer.concat([Buffer.from('%PDF-1.7'), photo]),
        415,
        'UnsupportedMediaType',
      ],
      ['I2 HEIC', 'application/x-image', Buffer.from('\0\0\0\x18ftypheic....'), 415, 'UnsupportedMediaType'],
      ['I3 a bomb of 65,535 x 65,535', 'image/png', pngOf(65_535, 65_535), 413, 'PayloadTooLarge'],
      ['I4 5,000 scans', 'image/jpeg', manyScans(), 422, 'InvalidImage'],
      ['I6 no pixels', 'image/png', pngOf(0, 7), 422, 'InvalidImage'],
    ])('%s is refused by its header', async (_, contentType, body, status, code) => {
      expect(await askForImage(body, contentType)).toMatchObject({ status, code });
      await expectStillServing();
    });

    it.each([
      ['JSON', 'application/json', (b64: string) => `{"instances":[{"b64":"${b64}"}]}`],
      ['columns of JSON', 'application/json', (b64: string) => `{"inputs":[{"b64":"${b64}"}]}`],
      ['JSON Lines', 'application/jsonlines', (b64: string) => `{"b64":"${b64}"}\n`],
    ])('I3 a bomb in base64 is refused by its header, in %s too', async (_, contentType, write) => {
      const body = write(Buffer.from(pngOf(65_535, 65_535)).toString('base64'));
      expect(await send(body, 'images', { 'content-type': contentType })).toMatchObject({
        status: 413,
        code: 'PayloadTooLarge',
      });
      await expectStillServing();
    });

    it.each([
      ['a GIF', fixture('frames.gif'), 6, Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
      ['a WebP', fixture('lossless.webp'), 21, Uint8Array.of(0xff, 0xff, 0xff, 0x0f)],
    ])('I3 %s, which no format of request is for, is a bomb in bytes and base64 too', async (_, image, at, size) => {
      // Prepare
      const bomb = Uint8Array.from(image);
      bomb.set(size, at);
      const body = `{"instances":[{"b64":"${Buffer.from(bomb).toString('base64')}"}]}`;

      // Act, Assess
      for (const reply of [await askForImage(bomb, 'application/octet-stream'), await send(body, 'images')]) {
        expect(reply).toMatchObject({ status: 413, code: 'PayloadTooLarge' });
      }
      await expectStillServing();
    });

    it('I4 an image with megabytes of application data is decoded to what it shows', async () => {
      const [plain, heavy] = await Promise.all([askForImage(photo), askForImage(withApplicationData(60))]);
      expect(plain.status).toBe(200);
      expect(heavy).toEqual(plain);
    });

    it('I6 an image of 1 x 100,000 that has no data for it is refused by the model, which goes on', async () => {
      expect(await askForImage(pngOf(1, 100_000))).toMatchObject({ status: 400, code: 'ModelRefused' });
      await expectStillServing();
    });

    it('I7 a PNG with a wrong checksum is refused by the model, which goes on', async () => {
      const damaged = Uint8Array.from(fixture('rgb.png')).fill(0, 40, 60);
      expect((await askForImage(damaged)).status).toBe(400);
      await expectStillServing();
    });

    it('I8 64 images at once are all answered, the bad ones among them refused, and /ping beside them', async () => {
      // Prepare
      const alone = await askForImage(photo);

      // Act
      const images = Array.from({ length: 64 }, (_, i) => askForImage(i % 16 === 5 ? photo.subarray(0, 4000) : photo));
      const ping = await fetch(`${server.url}/ping`);
      const replies = await Promise.all(images);

      // Assess
      expect(ping.status).toBe(200);
      for (const [i, reply] of replies.entries()) {
        if (i % 16 === 5) expect(reply.status).toBe(400);
        else expect(reply).toEqual(alone);
      }
      await expectStillServing();
    });
  });
});
