/** GetObject and HeadObject: whole, a range of bytes, or one part of a multipart upload; large ones as a stream. */
import type { OutgoingHttpHeaders } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { OpenObject, StoredObject } from '../object-store/object-store.ts';
import { S3Error } from '../object-store/s3-error.ts';
import { header, noSuchKey, type S3Call, sendEmpty, sendXml } from './call.ts';
import { checkRead } from './conditions.ts';
import { checksumHeaders, headersOf, OVERRIDABLE } from './object-headers.ts';

interface Slice {
  readonly start: number;
  /** Included. */
  readonly end: number;
  readonly status: 200 | 206;
  readonly headers: OutgoingHttpHeaders;
}

export async function readObject(call: S3Call): Promise<void> {
  const { request, response, store, bucket, key } = call;
  const open = store.open(bucket, key);
  if (!open) throw noSuchKey();
  let reading = false;
  try {
    const { object } = open;
    if (checkRead(request.headers, object) === 'not-modified') {
      response.writeHead(304, { etag: object.etag }).end();
      return;
    }
    const slice = sliceOf(call, object);
    const bytes = slice.end - slice.start + 1;
    response.writeHead(slice.status, {
      ...headersOf(object),
      ...overrides(call),
      ...slice.headers,
      'content-length': bytes,
    });
    if (request.method === 'HEAD') response.end();
    else {
      reading = true;
      await sendBody(call, open, slice);
    }
  } finally {
    if (!reading) open.close();
  }
}

async function sendBody({ response }: S3Call, open: OpenObject, { start, end }: Slice): Promise<void> {
  const content = open.read(start, end);
  if (Buffer.isBuffer(content)) response.end(content);
  // A reader that goes away is no failure of ours.
  else await pipeline(content, response).catch(() => response.destroy());
}

function sliceOf(call: S3Call, object: StoredObject): Slice {
  const { bytes, facts } = object;
  const part = call.query.get('partNumber');
  if (part !== null) return partOf(object, Number(part));
  const range = parseRange(header(call, 'range'), bytes);
  if (range === 'none') {
    const wanted = header(call, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED';
    return { start: 0, end: bytes - 1, status: 200, headers: wanted ? checksumHeaders(facts) : {} };
  }
  if (range === 'unsatisfiable') throw new S3Error('InvalidRange', 'The requested range is not satisfiable');
  return { ...range, status: 206, headers: { 'content-range': `bytes ${range.start}-${range.end}/${bytes}` } };
}

function partOf({ bytes, facts }: StoredObject, number: number): Slice {
  const parts = facts.parts ?? [{ bytes }];
  const part = parts[number - 1];
  if (!part) throw new S3Error('InvalidPartNumber', 'The requested partnumber is not satisfiable');
  const start = parts.slice(0, number - 1).reduce((sum, before) => sum + before.bytes, 0);
  const end = start + part.bytes - 1;
  const count = facts.parts ? { 'x-amz-mp-parts-count': parts.length } : {};
  return { start, end, status: 206, headers: { ...count, 'content-range': `bytes ${start}-${end}/${bytes}` } };
}

/** A header that is no single range of bytes is ignored, as the standard says. */
function parseRange(
  text: string | undefined,
  bytes: number,
): { readonly start: number; readonly end: number } | 'none' | 'unsatisfiable' {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(text ?? '') ?? [];
  if (first === '' && last === '') return 'none';
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (first !== '' && last !== '' && Number(first) > Number(last)) return 'none';
  return start >= bytes || (first === '' && Number(last) === 0) ? 'unsatisfiable' : { start, end };
}

function overrides({ query }: S3Call): OutgoingHttpHeaders {
  if (query.size === 0) return {};
  return Object.fromEntries(
    OVERRIDABLE.flatMap((name) => {
      const value = query.get(`response-${name}`);
      return value === null ? [] : [[name, value]];
    }),
  );
}

export function readTags(call: S3Call): void {
  const { store, bucket, key } = call;
  const object = store.find(bucket, key);
  if (!object) throw noSuchKey();
  const Tag = [...new URLSearchParams(object.facts.tags ?? '')].map(([Key, Value]) => ({ Key, Value }));
  sendXml(call, 'Tagging', { TagSet: { Tag } });
}

export function readAttributes(call: S3Call): void {
  const { response, store, bucket, key } = call;
  const object = store.find(bucket, key);
  if (!object) throw noSuchKey();
  const wanted = (header(call, 'x-amz-object-attributes') ?? '').split(',').map((name) => name.trim());
  const { checksum, parts } = object.facts;
  const attributes = {
    ETag: object.etag.replaceAll('"', ''),
    Checksum: checksum && { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type },
    ObjectParts: parts && { PartsCount: parts.length },
    ObjectSize: object.bytes,
    StorageClass: 'STANDARD',
  };
  response.setHeader('last-modified', object.modifiedAt.toUTCString());
  const asked = Object.entries(attributes).filter(([name]) => wanted.includes(name));
  sendXml(call, 'GetObjectAttributesResponse', Object.fromEntries(asked));
}

export function deleteObject(call: S3Call): void {
  call.store.delete(call.bucket, call.key);
  sendEmpty(call, 204);
}
