/** What every object of a transform goes through: the model, the settings, the output and the limits that objects share. */
import type { RecordProcessor } from '#core/batch/processing/record-processor.ts';
import type { TransformSettings } from '#core/batch/settings.ts';
import type { ModelClient } from './model-client.ts';
import type { Semaphore } from './semaphore.ts';
import type { TransformSink } from './storage.ts';

export type CompressionType = 'None' | 'Gzip';

export interface ObjectRun {
  readonly settings: TransformSettings;
  readonly sink: TransformSink;
  readonly client: ModelClient;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  readonly compression: CompressionType;
  readonly processor: RecordProcessor | undefined;
  /** Mini-batches held in memory. */
  readonly slots: Semaphore;
  /** Requests on the wire. */
  readonly permits: Semaphore;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
  readonly onRecords: (records: number) => void;
}
