/** What TensorFlow is told through the process environment, which is all that it reads. */
import { describe, expect, it } from 'vitest';
import {
  setGpuMemoryMargin,
  setTensorFlowThreads,
  TENSORFLOWS_CHOICE,
} from '../../../../../container/src/engine/native/environment.ts';

describe('the margin of GPU memory', () => {
  it.each([
    ['is the part of the largest GPU in MiB', 0.2, [15_360, 24_576], { TF_DEVICE_MIN_SYS_MEMORY_IN_MB: '4915' }],
    ['may be nothing', 0, [15_360], { TF_DEVICE_MIN_SYS_MEMORY_IN_MB: '0' }],
    ['is not set where the driver shows no GPU', 0.2, [], {}],
    ["is TensorFlow's choice when nobody says", undefined, [15_360], {}],
  ])('%s', (_, gpuMemoryMargin, gpus, expected) => {
    const env: NodeJS.ProcessEnv = {};
    setGpuMemoryMargin({ gpuMemoryMargin }, () => gpus, env);
    expect(env).toEqual(expected);
  });

  it('asks the driver of this machine without failing where there is none', () => {
    const env: NodeJS.ProcessEnv = {};
    setGpuMemoryMargin({ gpuMemoryMargin: 0.5 }, undefined, env);
    expect(Number(env.TF_DEVICE_MIN_SYS_MEMORY_IN_MB ?? 0)).toBeGreaterThanOrEqual(0);
  });
});

describe('the threads of TensorFlow', () => {
  const suiting = { interOpThreads: undefined, intraOpThreads: 1 };

  it.each([
    ['are those that suit the model', TENSORFLOWS_CHOICE, {}, { TF_NUM_INTRAOP_THREADS: '1' }],
    [
      "are those of TensorFlow's own variables first",
      TENSORFLOWS_CHOICE,
      { TF_NUM_INTRAOP_THREADS: '3' },
      { TF_NUM_INTRAOP_THREADS: '3' },
    ],
    [
      'are those that are asked for before all',
      { interOpThreads: 2, intraOpThreads: 4 },
      { TF_NUM_INTRAOP_THREADS: '3' },
      { TF_NUM_INTEROP_THREADS: '2', TF_NUM_INTRAOP_THREADS: '4' },
    ],
    [
      'are chosen again where 0 is asked for',
      { interOpThreads: 0, intraOpThreads: 0 },
      {},
      { TF_NUM_INTRAOP_THREADS: '1' },
    ],
  ])('%s', (_, wanted, before, expected) => {
    const env: NodeJS.ProcessEnv = { ...before };
    setTensorFlowThreads(wanted, suiting, env);
    expect(env).toEqual(expected);
  });
});
