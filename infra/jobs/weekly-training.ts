/** Once a week: a new model from the week's pairs. It is not deployed by itself; a person looks at its figures first. */
import type * as z from 'zod';
import type { Training } from '../environments/training-fields.ts';

export const weeklyTraining = {
  instanceType: 'ml.g5.xlarge',
  maxRuntimeSeconds: 6 * 3600,
  channels: { train: 'pairs/train/', validation: 'pairs/validation/' },
  hyperparameters: {
    enc0_vocab_size: '50000',
    enc0_max_seq_len: '100',
    enc1_vocab_size: '50000',
    enc1_max_seq_len: '100',
  },
  schedule: { expression: 'cron(0 1 ? * SUN *)', timeZone: 'UTC', enabled: false },
} as const satisfies z.input<typeof Training>;
