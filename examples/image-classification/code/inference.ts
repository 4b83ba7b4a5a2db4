/**
 * The two `inference.py` of the blog post as one TypeScript module: images as they are, and images inside tf.Examples,
 * become the request of TensorFlow Serving's REST API.
 */
import type { HandlerContext, InputHandler, OutputHandler } from 'twinvec/handlers';
import { bytesFeature } from './tf-example.ts';

export const inputHandler: InputHandler = (data, context) => {
  const image = imageOf(data.bytes, context);
  return { instances: [{ b64: Buffer.from(image).toString('base64') }] };
};

export const outputHandler: OutputHandler = (response, context) => [response.bytes, context.acceptHeader];

function imageOf(bytes: Uint8Array, { requestContentType }: HandlerContext): Uint8Array {
  if (requestContentType === 'application/x-image') return bytes;
  if (requestContentType === 'application/x-tfexample') {
    return bytesFeature(bytes, 'image/encoded') ?? refuse(422, 'The tf.Example has no feature "image/encoded"');
  }
  return refuse(415, `Unsupported content type "${requestContentType}"`);
}

function refuse(statusCode: number, message: string): never {
  throw Object.assign(new Error(message), { statusCode });
}
