/** PutObject and CopyObject. */
import { Readable } from 'node:stream';
import { checksumHeader } from '../object-store/checksums.ts';
import type { ObjectFacts, ObjectStore, Received, StoredObject } from '../object-store/object-store.ts';
import { S3Error } from '../object-store/s3-error.ts';
import { decode } from './address.ts';
import { findObject, header, noSuchKey, type S3Call, sendXml } from './call.ts';
import { checkCopySource, checkWrite } from './conditions.ts';
import { factsOf } from './object-headers.ts';
import { receiveUpload } from './upload-body.ts';

export async function putObject(call: S3Call): Promise<void> {
  if (header(call, 'x-amz-copy-source') !== undefined) return copyObject(call);
  const { request, response, store, bucket } = call;
  requireBucket(store, bucket);
  const { received, checksum } = await receiveUpload(request, store);
  const object = putReceived(call, received, { ...factsOf(request.headers), ...(checksum ? { checksum } : {}) });
  if (checksum) {
    response.setHeader(checksumHeader(checksum.algorithm), checksum.value);
    response.setHeader('x-amz-checksum-type', checksum.type);
  }
  response.writeHead(200, { etag: object.etag, 'content-length': 0 }).end();
}

function putReceived(call: S3Call, received: Received, facts: ObjectFacts, etag?: string): StoredObject {
  const { request, store, bucket, key } = call;
  try {
    checkWrite(request.headers, () => store.find(bucket, key));
    return store.put(bucket, key, received, facts, etag);
  } catch (error) {
    store.drop(received);
    throw error;
  }
}

async function copyObject(call: S3Call): Promise<void> {
  const { request, store, bucket, key } = call;
  const source = copySource(call);
  const replace = header(call, 'x-amz-metadata-directive') === 'REPLACE';
  if (source.bucket === bucket && source.key === key && !replace) {
    throw new S3Error(
      'InvalidRequest',
      'This copy request is illegal because it copies an object to itself without changing its metadata.',
    );
  }
  const { checksum, parts, tags } = source.facts;
  const kept = replace ? factsOf(request.headers) : source.facts;
  const newTags = header(call, 'x-amz-tagging-directive') === 'REPLACE' ? header(call, 'x-amz-tagging') : tags;
  const facts: ObjectFacts = {
    ...kept,
    ...(checksum ? { checksum } : {}),
    ...(parts ? { parts } : {}),
    ...(newTags === undefined ? {} : { tags: newTags }),
  };
  requireBucket(store, bucket);
  const received = await store.receive(readSource(store, source, 0, source.bytes - 1));
  const copy = putReceived(call, received, facts, source.etag);
  sendXml(call, 'CopyObjectResult', { LastModified: copy.modifiedAt, ETag: copy.etag });
}

/** What `x-amz-copy-source` names. @throws S3Error NoSuchKey, PreconditionFailed */
export function copySource(call: S3Call): StoredObject {
  const [written = '', version] = header(call, 'x-amz-copy-source')!.split('?');
  if (version !== undefined && version !== 'versionId=null') {
    throw new S3Error('NotImplemented', 'The local service keeps no versions of objects.');
  }
  const named = decode(written).replace(/^\//, '');
  const slash = named.indexOf('/');
  if (slash < 1) throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key');
  const source = findObject(call.store, named.slice(0, slash), named.slice(slash + 1));
  checkCopySource(call.request.headers, source);
  return source;
}

/** @param end Included. */
export async function* readSource(
  store: ObjectStore,
  source: StoredObject,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const open = store.open(source.bucket, source.key);
  if (!open) throw noSuchKey();
  const content = open.read(start, end);
  if (content instanceof Readable) yield* content as AsyncIterable<Buffer>;
  else yield content;
}

/** Before a body is taken in that has nowhere to go. */
export function requireBucket(store: ObjectStore, bucket: string): void {
  if (!store.hasBucket(bucket)) throw new S3Error('NoSuchBucket', `The specified bucket does not exist: ${bucket}`);
}
