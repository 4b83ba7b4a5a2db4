/**
 * Data capture of endpoints: a sample of the requests and answers as JSON Lines in S3, in SageMaker's format (spec 1.7).
 * Lines are collected for a few seconds and written as one object; no request waits for that or fails by it.
 */
import { randomUUID } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { RandomDraws } from '#core/random/random-draws.ts';
import { type CapturedCall, captureKey, captureLine, type DataCaptureConfig } from '#core/sagemaker/data-capture.ts';
import { parseS3Uri } from '#core/sagemaker/s3-uri.ts';
import type { Endpoint } from '../control-plane/endpoints.ts';

export interface DataCapture {
  /** Records one good call, when its endpoint captures and the draw says so. */
  record(endpoint: Endpoint, variantName: string, call: CapturedCall): void;
  /** Writes what is still held. */
  close(): Promise<void>;
}

export interface DataCaptureOptions {
  readonly s3: S3Client;
  readonly random: RandomDraws;
  readonly log: (line: string) => void;
}

const FLUSH_AFTER_MS = 2_000;
const FLUSH_BYTES = 4 * 1024 * 1024;
/** What may wait for S3; more is dropped with a line in the log, as it must not fill the memory. */
const MOST_BYTES = 64 * 1024 * 1024;

interface Held {
  readonly config: DataCaptureConfig;
  readonly endpoint: string;
  readonly variant: string;
  readonly lines: string[];
  bytes: number;
  timer: NodeJS.Timeout;
}

export function createDataCapture({ s3, random, log }: DataCaptureOptions): DataCapture {
  const held = new Map<string, Held>();
  const writes = new Set<Promise<void>>();
  let waitingBytes = 0;

  async function write({ config, endpoint, variant, lines, bytes }: Held): Promise<void> {
    const destination = parseS3Uri(config.DestinationS3Uri);
    const key = captureKey(endpoint, variant, new Date(), randomUUID());
    try {
      if (!destination) throw new Error(`${config.DestinationS3Uri} is not an s3:// address`);
      const prefix = destination.key === '' || destination.key.endsWith('/') ? destination.key : `${destination.key}/`;
      const object = { Bucket: destination.bucket, Key: prefix + key, ContentType: 'application/x-json-lines' };
      await s3.send(new PutObjectCommand({ ...object, Body: lines.join('') }));
    } catch (error) {
      log(`Captured data of endpoint ${endpoint} could not be written: ${(error as Error).message}`);
    } finally {
      waitingBytes -= bytes;
    }
  }

  function flush(place: string): void {
    const found = held.get(place);
    if (!found) return;
    held.delete(place);
    clearTimeout(found.timer);
    const writing = write(found);
    writes.add(writing);
    void writing.finally(() => writes.delete(writing));
  }

  return {
    record(endpoint, variant, call) {
      const config = endpoint.deployment.config.DataCaptureConfig;
      if (!config?.EnableCapture || random.fraction() * 100 >= config.InitialSamplingPercentage) return;
      const line = captureLine(config, call, randomUUID());
      const bytes = Buffer.byteLength(line);
      if (waitingBytes + bytes > MOST_BYTES) {
        log(`A captured call of endpoint ${endpoint.name} was dropped: ${MOST_BYTES} bytes wait for S3 already.`);
        return;
      }
      waitingBytes += bytes;
      const place = `${endpoint.region}/${endpoint.name}/${variant}`;
      let found = held.get(place);
      if (!found) {
        const timer = setTimeout(() => flush(place), FLUSH_AFTER_MS).unref();
        found = { config, endpoint: endpoint.name, variant, lines: [], bytes: 0, timer };
        held.set(place, found);
      }
      found.lines.push(line);
      found.bytes += bytes;
      if (found.bytes >= FLUSH_BYTES) flush(place);
    },
    async close() {
      for (const place of [...held.keys()]) flush(place);
      await Promise.all(writes);
    },
  };
}
