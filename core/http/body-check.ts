/**
 * Bodies that no reader of text can make sense of, refused with the reason instead of an offset.
 */
import { TwinvecError } from '#core/errors.ts';

/** @throws UnsupportedMediaType for gzip (spec faults D10), which reaches a server when a transform job is not told of it */
export function refuseUnreadableBody(body: Uint8Array): void {
  if (body[0] !== 0x1f || body[1] !== 0x8b) return;
  throw new TwinvecError(
    'UnsupportedMediaType',
    'The body is gzip data; send it uncompressed, or set CompressionType Gzip on the transform job',
  );
}
