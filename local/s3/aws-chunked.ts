/** `aws-chunked`: `size[;chunk-signature=...]`, the bytes, ..., a chunk of size 0, then trailers such as checksums. */
import { S3Error } from '../object-store/s3-error.ts';

export interface ChunkDecoder {
  /** The content in these bytes, as views of them. @throws S3Error IncompleteBody for what is not such a body. */
  decode(bytes: Buffer): Buffer[];
  /** Whether the last chunk has come. */
  ended(): boolean;
  /** By lower-case name; whole when all bytes have come. */
  trailers(): Readonly<Record<string, string>>;
}

const LONGEST_LINE = 16 * 1024;
const LINE_FEED = 0x0a;

export function createChunkDecoder(): ChunkDecoder {
  const trailers: Record<string, string> = {};
  let state: 'size' | 'content' | 'content-end' | 'trailers' = 'size';
  let line = '';
  let left = 0;

  function takeLine(): void {
    const text = line.replace(/\r$/, '');
    line = '';
    if (state === 'content-end') state = 'size';
    else if (state === 'size') {
      const size = /^([0-9a-fA-F]{1,12})(?:;.*)?$/.exec(text)?.[1];
      if (size === undefined)
        throw new S3Error('IncompleteBody', `"${text.slice(0, 40)}" is not the size of an aws-chunked chunk`);
      left = parseInt(size, 16);
      state = left === 0 ? 'trailers' : 'content';
    } else {
      const colon = text.indexOf(':');
      if (colon > 0) trailers[text.slice(0, colon).trim().toLowerCase()] = text.slice(colon + 1).trim();
    }
  }

  return {
    decode(bytes) {
      const found: Buffer[] = [];
      for (let at = 0; at < bytes.length; ) {
        if (state === 'content') {
          const part = bytes.subarray(at, at + left);
          found.push(part);
          at += part.length;
          left -= part.length;
          if (left === 0) state = 'content-end';
          continue;
        }
        const end = bytes.indexOf(LINE_FEED, at);
        line += bytes.toString('latin1', at, end < 0 ? bytes.length : end);
        if (line.length > LONGEST_LINE) throw new S3Error('IncompleteBody', 'The body is not aws-chunked');
        if (end < 0) break;
        at = end + 1;
        takeLine();
      }
      return found;
    },
    ended: () => state === 'trailers',
    trailers() {
      if (line !== '' && state === 'trailers') takeLine();
      return trailers;
    },
  };
}
