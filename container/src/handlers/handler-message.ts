/**
 * What a handler process sends, looked at before the server believes it: it may come from the script, which shares the
 * channel.
 */
import * as z from 'zod';
import { type FromHandler, STEPS } from './protocol.ts';

const BODY = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

const MESSAGE: z.ZodType<FromHandler> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), steps: z.array(z.enum(STEPS)) }),
  z.object({ type: z.literal('broken'), message: z.string() }),
  z.object({ type: z.literal('predict'), call: z.number(), body: BODY }),
  z.object({ type: z.literal('done'), body: BODY, contentType: z.string().optional() }),
  z.object({
    type: z.literal('failed'),
    message: z.string(),
    statusCode: z.number().optional(),
    stack: z.string().optional(),
  }),
]);

/** Undefined for what no handler process of ours sends. */
export function readHandlerMessage(received: unknown): FromHandler | undefined {
  return MESSAGE.safeParse(received).data;
}
