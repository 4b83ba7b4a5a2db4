import { describe, expect, it } from 'vitest';
import { writeRecordIo } from '#core/framing/recordio.ts';
import { writeTfRecord } from '#core/framing/tfrecord.ts';
import { parseContentType } from '#core/http/content-type.ts';
import { checkForm } from '#core/tensors/check-form.ts';
import { TENSOR_REQUEST_TYPES } from '#core/tensors/media-types.ts';

const check = (type: string, body: string | Uint8Array) => checkForm(Buffer.from(body), parseContentType(type));
/** A tf.Example without features. */
const EXAMPLE = Buffer.from([0x0a, 0x00]);
const flipped = (bytes: Buffer) => {
  const copy = Buffer.from(bytes);
  copy[12]! ^= 0xff;
  return copy;
};

describe('the form of a body', () => {
  it.each([
    ['application/json', '{"instances":[NaN,-Infinity]}', 1],
    ['application/jsonlines', '{"a":1}\n\n[2]\n', 2],
    ['text/csv', '1,2\n3,"4"\n', 2],
    ['application/x-tfrecord', Buffer.concat([writeTfRecord(EXAMPLE), writeTfRecord(EXAMPLE)]), 2],
    ['application/x-recordio', writeRecordIo(Buffer.from('abc')), 1],
    ['application/octet-stream', Buffer.from([0]), 1],
  ])('of %s is good, with its records counted', (type, body, records) => {
    expect(check(type, body)).toBe(records);
  });

  it.each([
    ['application/json', '{"instances":[1}', 'MalformedJson'],
    ['application/json', '1 2', 'MalformedJson'],
    ['application/jsonlines', '{"a":1}\n{"a":}\n', 'MalformedJson'],
    ['text/csv', '1,2\n3\n', 'InvalidTensor'],
    ['text/csv', '1,"2\n', 'MalformedBody'],
    ['application/x-npy', 'numpy', 'MalformedBody'],
    ['application/x-tfexample', Buffer.from([0x0a, 0x7f]), 'DamagedRecord'],
    ['application/x-tfrecord', writeTfRecord(EXAMPLE).subarray(0, 5), 'MalformedBody'],
    ['application/x-tfrecord', flipped(writeTfRecord(EXAMPLE)), 'DamagedRecord'],
    ['application/x-recordio', 'not magic', 'MalformedBody'],
    ['image/png', Buffer.from([0xff, 0xd8, 0xff, 0xe0]), 'InvalidImage'],
    ['image/jpeg', 'GIF89a..............', 'UnsupportedMediaType'],
    ['application/json', Buffer.from([0x1f, 0x8b, 0]), 'UnsupportedMediaType'],
    ['text/html', 'x', 'UnsupportedMediaType'],
  ])('of %s (%j) is refused with %s', (type, body, code) => {
    expect(() => check(type, body)).toThrow(expect.objectContaining({ code }));
  });

  it.each(TENSOR_REQUEST_TYPES)('of %s is not there in an empty body', (type) => {
    expect(() => check(type, '')).toThrow(expect.objectContaining({ code: 'EmptyBody' }));
  });
});
