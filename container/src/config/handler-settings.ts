/**
 * The environment variables about a model's own handlers. Where AWS's TensorFlow container has a name, which is that of
 * its Python server, the name stays.
 */
import { wholeNumber } from './setting.ts';

export const HANDLER_SETTINGS = {
  handlerProcesses: wholeNumber({
    name: 'SAGEMAKER_GUNICORN_WORKERS',
    fallback: undefined,
    defaultText: 'cores, at most 4',
    min: 1,
    max: 64,
    doc: 'Processes for the handlers in code/, at most. Each works for one request at a time.',
  }),
  handlerTimeoutSeconds: wholeNumber({
    name: 'SAGEMAKER_GUNICORN_TIMEOUT_SECONDS',
    fallback: 30,
    min: 1,
    max: 3_600,
    doc: 'Time for one handler, what the model takes for it included. Then its process is replaced.',
  }),
  handlerMemoryMb: wholeNumber({
    name: 'TWINVEC_HANDLER_MEMORY_MB',
    fallback: 1_024,
    min: 64,
    max: 1_048_576,
    doc: 'Memory of one handler process in MiB. One that takes more is replaced.',
  }),
} as const;
