import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChunkDecoder } from '../../../../local/s3/aws-chunked.ts';

function framed(chunks: readonly Uint8Array[], trailer: string): Buffer {
  const written = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)};chunk-signature=abc\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...written, Buffer.from(`0\r\n${trailer}\r\n\r\n`)]);
}

describe('aws-chunked', () => {
  it('gives back content and trailers, wherever the packets are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 30 }),
        (chunks, packetBytes) => {
          // Prepare
          const body = framed(chunks, 'x-amz-checksum-crc32:AAAA==');
          const decoder = createChunkDecoder();
          const found: Uint8Array[] = [];

          // Act
          for (let at = 0; at < body.length; at += packetBytes) {
            found.push(...decoder.decode(body.subarray(at, at + packetBytes)));
          }

          // Assess
          expect(Buffer.concat(found).equals(Buffer.concat(chunks))).toBe(true);
          expect(decoder.ended()).toBe(true);
          expect(decoder.trailers()).toEqual({ 'x-amz-checksum-crc32': 'AAAA==' });
        },
      ),
    );
  });

  it('has not ended without its last chunk, and refuses what is no chunk', () => {
    const decoder = createChunkDecoder();

    decoder.decode(Buffer.from('5\r\nhello\r\n'));

    expect(decoder.ended()).toBe(false);
    expect(() => decoder.decode(Buffer.from('not hexadecimal\r\n'))).toThrow(
      expect.objectContaining({ code: 'IncompleteBody' }),
    );
  });
});
