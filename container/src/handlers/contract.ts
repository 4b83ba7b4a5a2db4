/**
 * What a model's `code/inference.ts` is written against: the handlers of AWS's TensorFlow Serving container
 * (`input_handler`, `output_handler`, `handler`; spec sagemaker 3.7) as TypeScript. Import these as types only.
 *
 * @example
 * import type { InputHandler, OutputHandler } from 'twinvec/handlers';
 *
 * export const inputHandler: InputHandler = (data, context) => {
 *   if (context.requestContentType !== 'application/x-image') {
 *     throw Object.assign(new Error('Send an image.'), { statusCode: 415 });
 *   }
 *   return { instances: [{ b64: Buffer.from(data.bytes).toString('base64') }] };
 * };
 * export const outputHandler: OutputHandler = (response, context) => [response.bytes, context.acceptHeader];
 */

/** A body: text, bytes, or anything else as JSON. */
export type Body = string | Uint8Array | { readonly [key: string]: unknown } | readonly unknown[];

/** Bytes with the two usual ways to read them. */
export interface Payload {
  readonly bytes: Uint8Array;
  /** As UTF-8. */
  text(): string;
  /** @throws SyntaxError */
  json(): unknown;
}

/** The request's body, whole. */
export type RequestData = Payload;

/** What the model answered: the body of TensorFlow Serving's REST API. */
export interface ModelResponse extends Payload {
  readonly statusCode: number;
}

/** The facts of a request as plain data. */
export interface RequestFacts {
  readonly modelName: string;
  /** Absent when the request leaves the choice to the server: then it is the highest. */
  readonly modelVersion?: string;
  readonly method: 'predict' | 'classify' | 'regress';
  /** Where this server answers TensorFlow Serving's REST API for the model, for code that calls it over HTTP. */
  readonly restUri: string;
  /** X-Amzn-SageMaker-Custom-Attributes as it came; empty without one. */
  readonly customAttributes: string;
  /** application/json when the request had none. */
  readonly requestContentType: string;
  /** application/json when the request had none. */
  readonly acceptHeader: string;
  /** Bytes of the body. */
  readonly contentLength: number;
  /** Milliseconds after which a handler that has not answered is stopped. */
  readonly timeoutMs: number;
}

export interface HandlerContext extends RequestFacts {
  /** Asks the model, in this server and without HTTP. `body` is a REST request such as `{"instances": [...]}`. */
  predict(body: Body): Promise<ModelResponse>;
}

/** A body and its media type; without one it is the request's Accept header. */
export type Answer = Body | readonly [body: string | Uint8Array, contentType: string];

/** Makes the REST request for the model out of the request. */
export type InputHandler = (data: RequestData, context: HandlerContext) => Body | Promise<Body>;

/** Makes the answer out of the model's, which is one of success: errors of the model go to the caller as they are. */
export type OutputHandler = (response: ModelResponse, context: HandlerContext) => Answer | Promise<Answer>;

/** Does all of it; `context.predict` asks the model. Wins over the other two. */
export type Handler = (data: RequestData, context: HandlerContext) => Answer | Promise<Answer>;

/**
 * An error that chooses the status of the refusal: any error with a `statusCode` from 400 to 499. Its message goes to
 * the caller. Every other error is a 500 with its message.
 */
export interface Refusal extends Error {
  readonly statusCode: number;
}
