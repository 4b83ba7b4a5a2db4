import { describe, expect, it } from 'vitest';
import { type CapturedCall, captureKey, captureLine, type DataCaptureConfig } from '#core/sagemaker/data-capture.ts';

const CONFIG: DataCaptureConfig = {
  EnableCapture: true,
  InitialSamplingPercentage: 100,
  DestinationS3Uri: 's3://bucket/captured',
  CaptureOptions: [{ CaptureMode: 'InputAndOutput' }],
  CaptureContentTypeHeader: { CsvContentTypes: ['text/csv'], JsonContentTypes: ['application/json'] },
};

const CALL: CapturedCall = {
  receivedAt: new Date('2026-01-02T03:04:05.678Z'),
  inferenceId: undefined,
  customAttributes: 'trace=1',
  input: { contentType: 'Text/CSV; charset=utf-8', bytes: Buffer.from('1,2') },
  output: { contentType: 'image/png', bytes: Buffer.from([255, 0]) },
};

it('the key of captured calls is the time of the capture, in UTC', () => {
  expect(captureKey('e', 'v', new Date('2026-01-02T03:04:05.006Z'), 'id')).toBe('e/v/2026/01/02/03/04-05-006-id.jsonl');
});

describe('a captured call', () => {
  it('is text where its content type is called CSV or JSON, and base64 elsewhere', () => {
    const line = captureLine(CONFIG, CALL, 'event');

    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({
      captureData: {
        endpointInput: { observedContentType: 'Text/CSV; charset=utf-8', mode: 'INPUT', data: '1,2', encoding: 'CSV' },
        endpointOutput: { observedContentType: 'image/png', mode: 'OUTPUT', data: '/wA=', encoding: 'BASE64' },
      },
      eventMetadata: { eventId: 'event', customAttributes: ['trace=1'], inferenceTime: '2026-01-02T03:04:05Z' },
      eventVersion: '0',
    });
  });

  it('has only what the configuration captures', () => {
    const { captureData } = JSON.parse(
      captureLine({ ...CONFIG, CaptureOptions: [{ CaptureMode: 'Output' }] }, CALL, 'e'),
    );

    expect(Object.keys(captureData)).toEqual(['endpointOutput']);
  });
});
