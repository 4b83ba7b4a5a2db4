import { describe, expect, it } from 'vitest';
import { asyncLocations, errorNotice, successNotice } from '#core/sagemaker/async-inference.ts';

const FALLBACK = { bucket: 'sagemaker-us-east-1-000000000000', key: 'async-endpoint-outputs/e/' };
const NAMES = { inferenceId: 'id', filename: undefined, pathExtension: undefined };

describe('where an asynchronous answer goes', () => {
  it.each([
    ['s3://bucket/out', 'out/id.out'],
    ['s3://bucket/out/', 'out/id.out'],
    ['s3://bucket', 'id.out'],
  ])('below %s is %s', (path, key) => {
    expect(asyncLocations({ OutputConfig: { S3OutputPath: path } }, NAMES, FALLBACK)).toEqual({
      output: { bucket: 'bucket', key },
      failure: undefined,
    });
  });

  it('has the caller’s folders and file name; failures have names of their own', () => {
    const config = { OutputConfig: { S3OutputPath: 's3://bucket/out', S3FailurePath: 's3://bucket/bad/' } };

    expect(asyncLocations(config, { ...NAMES, filename: 'f.json', pathExtension: '/a/b/' }, FALLBACK)).toEqual({
      output: { bucket: 'bucket', key: 'out/a/b/f.json' },
      failure: { bucket: 'bucket', key: 'bad/a/b/id-error.out' },
    });
  });

  it('is SageMaker’s own bucket when the endpoint has no path', () => {
    expect(asyncLocations({ OutputConfig: {} }, NAMES, FALLBACK).output).toEqual({
      bucket: FALLBACK.bucket,
      key: 'async-endpoint-outputs/e/id.out',
    });
  });

  it('stays in its folder whatever the inference id holds', () => {
    const config = { OutputConfig: { S3OutputPath: 's3://bucket/out' } };

    expect(asyncLocations(config, { ...NAMES, inferenceId: '../a b/ü' }, FALLBACK).output.key).toBe('out/..-a-b--.out');
  });
});

describe('a notice', () => {
  const CALL = {
    region: 'us-east-1',
    endpointName: 'e',
    inferenceId: 'id',
    receivedAt: new Date(0),
    contentType: 'text/csv',
    accept: undefined,
    customAttributes: undefined,
    inputLocation: 's3://bucket/in',
  };
  const NOW = new Date(1000);
  const answerOf = (body: Uint8Array | undefined) => ({ contentType: 'a/b', outputLocation: 's3://bucket/out', body });

  it('of success names the output', () => {
    expect(successNotice(CALL, answerOf(undefined), NOW)).toMatchObject({
      eventTime: '1970-01-01T00:00:01.000Z',
      receivedTime: '1970-01-01T00:00:00.000Z',
      invocationStatus: 'Completed',
      responseParameters: { contentType: 'a/b', outputLocation: 's3://bucket/out' },
    });
  });

  it('holds an answer as text when it is UTF-8, and as base64 when it is not', () => {
    expect(successNotice(CALL, answerOf(Buffer.from('ü')), NOW).responseBody).toEqual({
      content: 'ü',
      encoding: 'UTF-8',
    });
    expect(successNotice(CALL, answerOf(Buffer.from([255])), NOW).responseBody).toEqual({
      content: '/w==',
      encoding: 'BASE64',
    });
  });

  it('of failure gives the reason', () => {
    expect(errorNotice(CALL, 'it broke', undefined, NOW)).toMatchObject({
      invocationStatus: 'Failed',
      failureReason: 'it broke',
    });
  });
});
