/** SplitType and BatchStrategy (spec sagemaker 2.3), and the splitter that they ask for. */
import { RECORDIO } from '#core/framing/recordio.ts';
import { TFRECORD } from '#core/framing/tfrecord.ts';
import type { RecordSplitter } from './record-splitter.ts';
import { createFrameSplitter } from './split-frames.ts';
import { createLineSplitter } from './split-lines.ts';

export const SPLIT_TYPES = ['None', 'Line', 'RecordIO', 'TFRecord'] as const;

export type SplitType = (typeof SPLIT_TYPES)[number];
export type BatchStrategy = 'MultiRecord' | 'SingleRecord';

export interface SplitterOptions {
  readonly splitType: Exclude<SplitType, 'None'>;
  readonly strategy: BatchStrategy;
  /** Largest record, in bytes as it is sent. */
  readonly maxPayloadBytes: number;
}

const FRAME_FORMATS = { RecordIO: RECORDIO, TFRecord: TFRECORD } as const;

/** One splitter is for one object. */
export function createSplitter({ splitType, strategy, maxPayloadBytes }: SplitterOptions): RecordSplitter {
  if (splitType === 'Line') return createLineSplitter({ maxRecordBytes: maxPayloadBytes });
  const keepFrames = strategy === 'MultiRecord';
  return createFrameSplitter(FRAME_FORMATS[splitType], { maxRecordBytes: maxPayloadBytes, keepFrames });
}
