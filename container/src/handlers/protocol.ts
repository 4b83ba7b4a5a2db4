/**
 * Messages between the server and a handler process. Everything is plain data: bytes are copied between processes.
 */
import type { RequestFacts } from './contract.ts';

/** The functions of the script that a message can be for. */
export const STEPS = ['inputHandler', 'outputHandler', 'handler'] as const;
export type Step = (typeof STEPS)[number];

export type ToHandler =
  | { readonly type: 'run'; readonly step: Step; readonly payload: PlainPayload; readonly facts: RequestFacts }
  | { readonly type: 'predicted'; readonly call: number; readonly response: PlainPayload };

export type FromHandler =
  /** The script has been loaded and exports these. */
  | { readonly type: 'ready'; readonly steps: readonly Step[] }
  | { readonly type: 'broken'; readonly message: string }
  /** The handler asks the model; any number of times while it runs. */
  | { readonly type: 'predict'; readonly call: number; readonly body: Uint8Array }
  | { readonly type: 'done'; readonly body: Uint8Array; readonly contentType?: string | undefined }
  | {
      readonly type: 'failed';
      readonly message: string;
      readonly statusCode?: number | undefined;
      readonly stack?: string | undefined;
    };

export interface PlainPayload {
  readonly bytes: Uint8Array;
  /** Of the model's answer; 200 for a request. */
  readonly statusCode: number;
}
