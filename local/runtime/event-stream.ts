/**
 * AWS's event stream framing of InvokeEndpointWithResponseStream: parts of the model's answer, and the error that ends
 * a stream whose status has long been sent.
 */
import { EventStreamCodec } from '@smithy/core/event-streams';

export const EVENT_STREAM_TYPE = 'application/vnd.amazon.eventstream';

/** Larger pieces are cut: a frame may have 16 MB, and clients begin to work on a part when it is whole. */
const LARGEST_PART_BYTES = 1024 * 1024;

export type StreamErrorCode = 'ModelInvocationTimeExceeded' | 'StreamBroken';

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
);

const text = (value: string) => ({ type: 'string', value }) as const;

/** Frames of PayloadPart events, each with a piece of the bytes. */
export function* payloadParts(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += LARGEST_PART_BYTES) {
    yield codec.encode({
      headers: {
        ':event-type': text('PayloadPart'),
        ':content-type': text('application/octet-stream'),
        ':message-type': text('event'),
      },
      body: bytes.subarray(at, at + LARGEST_PART_BYTES),
    });
  }
}

/** The frame that ends a stream: the caller's iteration throws ModelStreamError. */
export function modelStreamError(code: StreamErrorCode, message: string): Uint8Array {
  return codec.encode({
    headers: {
      ':exception-type': text('ModelStreamError'),
      ':content-type': text('application/json'),
      ':message-type': text('exception'),
    },
    body: Buffer.from(JSON.stringify({ Message: message, ErrorCode: code })),
  });
}
