import { describe, expect, it } from 'vitest';
import { createTrainingReport } from '../../../../container/src/object2vec/training/training-report.ts';

/** What standard output holds after an epoch of 200 batches. */
function outputOfEpoch(isTTY: boolean): string {
  let written = '';
  const stdout = { isTTY, write: (text: string) => (written += text) };
  const stderr = { isTTY, write: () => true };
  const epoch = createTrainingReport('algo-1', stdout, stderr).startEpoch(0, 1, 200);
  for (let batch = 1; batch <= 200; batch++) epoch.step(batch, 0.5);
  epoch.end(true);
  return written;
}

describe('the report of a training job', () => {
  it('prints a line every 100 batches where SageMaker reads them', () => {
    expect(outputOfEpoch(false)).toMatch(/^Epoch: 0, batches: 100, .*\nEpoch: 0, batches: 200, .*\n#throughput_metric/);
  });

  it('leaves the bar of a terminal whole: only lines between epochs are printed', () => {
    expect(outputOfEpoch(true)).toMatch(/^#throughput_metric: host=algo-1, train throughput=\S+ records\/second\n$/);
  });
});
