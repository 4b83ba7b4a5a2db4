/** The notice of a failed run, as somebody reads it in a mail. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planTransform } from '#core/jobs/plan-transform.ts';
import { TransformDefinition } from '#core/jobs/transform-definition.ts';
import { Outcome } from '../../../../lambdas/orchestrator/outcome.ts';
import { writeNotice } from '../../../../lambdas/orchestrator/run-notice.ts';

const RUN = 'arn:aws:states:eu-central-1:123456789012:execution:twinvec-dev-transform:nightly-1';
const DEFINITION = TransformDefinition.parse({
  name: 'nightly',
  modelName: 'model-1',
  inputS3Uri: 's3://data-in/day/',
  outputS3Uri: 's3://data-out/day/',
  instanceType: 'ml.g5.xlarge',
});
const plan = (attempt = 0) => planTransform(DEFINITION, '2026-11-21T03:00:00Z', attempt);
const { runName } = plan();
const manifestS3Uri = `s3://data-out/day/${runName}/manifest.json`;
const RESULT = {
  status: 'Completed',
  failureReason: '',
  files: 100,
  recordsIn: 1000,
  recordsOut: 990,
  placeholders: 3,
  mismatchedFiles: 1,
  mismatches: [{ input: 's3://data-in/day/a b.jsonl', recordsIn: 10, placeholders: 0 }],
  manifestS3Uri,
};

describe('the notice of a failed run', () => {
  it('says of records that were lost which job, where, why, how many, which files, what next, and where to look', () => {
    const { subject, message } = writeNotice(plan(1), Outcome.parse({ state: 'RecordsLost', result: RESULT }), RUN);
    expect(subject).toBe(`Twinvec: RecordsLost: ${runName}`);
    expect(message).toBe(`The batch run ${runName} failed in RecordsLost.

Scheduled  2026-11-21T03:00:00Z
Model      model-1
Input      s3://data-in/day/
Output     s3://data-out/day/${runName}
Reason     1 of 100 files with lost records, 3 placeholders in the output.

1000 records in, 990 out, 3 placeholders; 1 of 100 files failed after 1 more attempt at failed files.
  s3://data-in/day/a b.jsonl: 10 records in, no output

Next: the manifest has the counts of every file; a placeholder in an output has the index and the code of its record. Then start a run with another scheduledTime.

Run        https://eu-central-1.console.aws.amazon.com/states/home?region=eu-central-1#/v2/executions/details/${RUN}
Job        https://eu-central-1.console.aws.amazon.com/sagemaker/home?region=eu-central-1#/transform-jobs/${runName}-r1
Manifest   ${manifestS3Uri}
           https://eu-central-1.console.aws.amazon.com/s3/object/data-out?region=eu-central-1&prefix=day%2F${runName}%2Fmanifest.json
`);
  });

  it('says of an input that a manifest names what was to be read, and where', () => {
    const named = { ...DEFINITION, inputManifestS3Uri: 's3://data-in/manifests/today.json' };
    const outcome = Outcome.parse({ state: 'StepFailed', error: 'InvalidManifest', cause: 'element 3: ...' });
    const { message } = writeNotice(planTransform(named, '2026-11-21T03:00:00Z'), outcome, RUN);
    expect(message).toContain(`
Input      s3://data-in/day/
           what s3://data-in/manifests/today.json names of it
Output `);
  });

  it('says of a rejected input where the first problems are, and repeats nothing that a record said', () => {
    const report = {
      objects: 1,
      records: 2,
      badRecords: 30,
      fatalProblems: 0,
      problems: [
        { object: 's3://data-in/day/a.jsonl', line: 2, byteOffset: 22, code: 'InvalidTokenId', message: 'canary' },
      ],
    };
    const { message } = writeNotice(plan(), Outcome.parse({ state: 'InputRejected', report }), RUN);
    expect(message).toContain('Reason     The input has 30 bad records and 0 faults of whole objects.\n');
    expect(message).toContain('Checked 2 records of 1 object. No GPU was started.\n');
    expect(message).toContain(
      '  s3://data-in/day/a.jsonl (line 2, byte 22): InvalidTokenId. A token id is not a whole number from 0 to 2147483647.\n  and 29 more\n',
    );
    expect(message).not.toContain('canary');
  });

  it('says of a failed job what SageMaker said (Q20)', () => {
    const result = { ...RESULT, status: 'Failed', failureReason: 'AlgorithmError: See job logs' };
    const { message } = writeNotice(plan(), Outcome.parse({ state: 'TransformFailed', result }), RUN);
    expect(message).toContain('Reason     The job is Failed. AlgorithmError: See job logs\n');
    expect(message).toContain('/aws/sagemaker/TransformJobs');
  });

  it.each([
    [
      'what a function threw',
      'AccessDenied',
      '{"errorType":"AccessDenied","errorMessage":"s3:GetObject on s3://a/b failed."}',
    ],
    ['a failure of Step Functions itself', 'States.Timeout', 'The task timed out.'],
  ])('says of a step that failed %s', (_, error, cause) => {
    const { message } = writeNotice(plan(), Outcome.parse({ state: 'StepFailed', error, cause }), RUN);
    expect(message).toMatch(
      /Reason {5}(?:AccessDenied: s3:GetObject on s3:\/\/a\/b failed\.|States\.Timeout: The task timed out\.)\n/,
    );
  });

  it('leads to the console of its own partition', () => {
    const { message } = writeNotice(
      plan(),
      Outcome.parse({ state: 'StepFailed', error: 'x', cause: '' }),
      RUN.replace('arn:aws:', 'arn:aws-us-gov:').replace('eu-central-1', 'us-gov-west-1'),
    );
    expect(message).toContain('https://us-gov-west-1.console.amazonaws-us-gov.com/states/home?region=us-gov-west-1#');
  });

  it('is always one that SNS takes: a subject of less than 100 printable characters, a text of less than 256 KiB', () => {
    const definitions = fc.record({
      name: fc.stringMatching(/^[a-z0-9](-?[a-z0-9]){0,15}$/),
      key: fc.string({ maxLength: 200 }).filter((key) => !/(^|\/)\.{1,2}(\/|$)/.test(key)),
    });
    const texts = fc.string({ maxLength: 40_000, unit: 'binary' });
    fc.assert(
      fc.property(definitions, texts, texts, fc.integer({ min: 0, max: 5 }), ({ name, key }, error, cause, attempt) => {
        const definition = TransformDefinition.parse({ ...DEFINITION, name, inputS3Uri: `s3://data-in/${key}` });
        const asked = planTransform(definition, '2026-11-21T03:00:00Z', attempt);
        const { subject, message } = writeNotice(asked, Outcome.parse({ state: 'StepFailed', error, cause }), RUN);
        expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/);
        expect(Buffer.byteLength(message)).toBeLessThan(262_144);
      }),
    );
  });
});
