/** The lines and keys of an endpoint's data capture (AWS docs model-monitor-data-capture-endpoint). */
import type { CreateEndpointConfigRequest } from './endpoint-config-request.ts';

export type DataCaptureConfig = NonNullable<CreateEndpointConfigRequest['DataCaptureConfig']>;

export interface CapturedBody {
  readonly contentType: string | undefined;
  readonly bytes: Uint8Array;
}

export interface CapturedCall {
  readonly receivedAt: Date;
  readonly inferenceId: string | undefined;
  readonly customAttributes: string | undefined;
  readonly input: CapturedBody;
  readonly output: CapturedBody;
}

/** `ENDPOINT/VARIANT/yyyy/mm/dd/hh/mm-ss-mmm-ID.jsonl`, in UTC. */
export function captureKey(endpoint: string, variant: string, at: Date, id: string): string {
  const [year, month, day, hour, minute, second, ms] = at.toISOString().split(/[-T:.Z]/);
  return `${endpoint}/${variant}/${year}/${month}/${day}/${hour}/${minute}-${second}-${ms}-${id}.jsonl`;
}

/** One line, its newline included. */
export function captureLine(config: DataCaptureConfig, call: CapturedCall, eventId: string): string {
  const modes = config.CaptureOptions.map(({ CaptureMode: mode }) => mode);
  const both = modes.includes('InputAndOutput');
  const line = {
    captureData: {
      ...(both || modes.includes('Input') ? { endpointInput: captured(config, call.input, 'INPUT') } : {}),
      ...(both || modes.includes('Output') ? { endpointOutput: captured(config, call.output, 'OUTPUT') } : {}),
    },
    eventMetadata: {
      eventId,
      ...(call.inferenceId === undefined ? {} : { inferenceId: call.inferenceId }),
      ...(call.customAttributes === undefined ? {} : { customAttributes: [call.customAttributes] }),
      inferenceTime: `${call.receivedAt.toISOString().slice(0, 19)}Z`,
    },
    eventVersion: '0',
  };
  return `${JSON.stringify(line)}\n`;
}

function captured(config: DataCaptureConfig, { contentType, bytes }: CapturedBody, mode: 'INPUT' | 'OUTPUT') {
  const encoding = encodingOf(config, contentType);
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    ...(contentType === undefined ? {} : { observedContentType: contentType }),
    mode,
    data: data.toString(encoding === 'BASE64' ? 'base64' : 'utf8'),
    encoding,
  };
}

/** Base64, but for the content types that the configuration calls CSV or JSON. */
function encodingOf(
  { CaptureContentTypeHeader: named }: DataCaptureConfig,
  contentType = '',
): 'CSV' | 'JSON' | 'BASE64' {
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  const lists = (types: readonly string[] | undefined): boolean =>
    types?.some((one) => one.toLowerCase() === type) ?? false;
  if (lists(named?.CsvContentTypes)) return 'CSV';
  return lists(named?.JsonContentTypes) ? 'JSON' : 'BASE64';
}
