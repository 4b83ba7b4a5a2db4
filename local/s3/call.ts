/** One request to S3, read as far as its address; and the ways to answer it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MultipartUploads } from '../object-store/multipart-uploads.ts';
import type { ObjectStore, StoredObject } from '../object-store/object-store.ts';
import { S3Error } from '../object-store/s3-error.ts';
import { headerText } from './upload-body.ts';
import { writeXml, type XmlElements } from './xml.ts';

export interface S3Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly store: ObjectStore;
  readonly uploads: MultipartUploads;
  readonly bucket: string;
  /** Empty in calls about a bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
}

export type S3Operation = (call: S3Call) => void | Promise<void>;

export function header({ request }: S3Call, name: string): string | undefined {
  return headerText(request.headers, name);
}

export function sendXml({ response }: S3Call, name: string, root: XmlElements): void {
  const body = Buffer.from(writeXml(name, root));
  response.writeHead(200, { 'content-type': 'application/xml', 'content-length': body.length }).end(body);
}

export function sendEmpty({ response }: S3Call, status: 200 | 204 | 304): void {
  response.writeHead(status, status === 200 ? { 'content-length': 0 } : {}).end();
}

/** @throws S3Error NoSuchBucket, NoSuchKey */
export function findObject(store: ObjectStore, bucket: string, key: string): StoredObject {
  const object = store.find(bucket, key);
  if (object) return object;
  throw noSuchKey();
}

export function noSuchKey(): S3Error {
  return new S3Error('NoSuchKey', 'The specified key does not exist.');
}
