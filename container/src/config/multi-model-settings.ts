/**
 * The environment variables of a multi-model endpoint, where the platform loads and unloads models while the server runs.
 */
import { flag, wholeNumber, word } from './setting.ts';

export const MULTI_MODEL_SETTINGS = {
  multiModel: flag({
    name: 'SAGEMAKER_MULTI_MODEL',
    fallback: false,
    doc: 'True on a multi-model endpoint: models come and go through /models, and none is loaded at start.',
  }),
  modelsDir: word({
    name: 'TWINVEC_MODELS_DIR',
    fallback: undefined,
    defaultText: 'models/ in the base folder',
    doc: 'Folder below which every model of a multi-model endpoint lies.',
  }),
  modelsMemoryMb: wholeNumber({
    name: 'TWINVEC_MODELS_MEMORY_MB',
    fallback: undefined,
    defaultText: "70% of the machine's memory, or of its container's limit",
    min: 1,
    max: 16_777_216,
    doc: 'MiB of files of all loaded models, times their engine workers. Loading more is answered 507.',
  }),
} as const;
