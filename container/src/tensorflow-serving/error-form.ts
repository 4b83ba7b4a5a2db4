/** Errors in the form of TF Serving's REST API: `{"error": "..."}` with its statuses. */
import type { TwinvecError } from '#core/errors.ts';
import type { ErrorForm } from '../http/reply.ts';

/** What we tell apart as 422 is InvalidArgument there, like every malformed request. */
export const ERRORS_OF_TF_SERVING: ErrorForm = {
  status: ({ status }) => (status === 422 ? 400 : status),
  body: ({ message }) => ({ error: message }),
};

/** The same as an answer, for handlers. */
export function tfServingError(error: TwinvecError): { readonly bytes: Uint8Array; readonly statusCode: number } {
  const body = JSON.stringify(ERRORS_OF_TF_SERVING.body(error));
  return { bytes: new TextEncoder().encode(body), statusCode: ERRORS_OF_TF_SERVING.status(error) };
}
