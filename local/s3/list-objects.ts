/** ListObjects, in both its versions. */
import type { Listing, ListWish, StoredObject } from '../object-store/object-store.ts';
import { S3Error } from '../object-store/s3-error.ts';
import { type S3Call, sendXml } from './call.ts';
import type { XmlElements } from './xml.ts';

const MOST_KEYS = 1000;

export function listObjects(call: S3Call): void {
  const { store, bucket, query } = call;
  const limit = limitOf(query.get('max-keys'));
  const isSecond = query.get('list-type') === '2';
  const start = isSecond ? query.get('start-after') : query.get('marker');
  const { after, sinceMs } = readToken(query) ?? { after: start ?? '', sinceMs: Date.now() };
  const wish: ListWish = {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    after,
    limit: Math.max(1, limit),
    sinceMs,
  };
  const listing = store.list(bucket, wish);
  const page: Listing = limit === 0 ? { objects: [], commonPrefixes: [] } : listing;
  const written = writer(query.get('encoding-type'));
  const position = isSecond ? tokens(query, page, sinceMs, written) : markers(query, page, written);
  sendXml(call, 'ListBucketResult', {
    Name: bucket,
    Prefix: written(wish.prefix ?? ''),
    Delimiter: wish.delimiter === '' ? undefined : written(wish.delimiter ?? ''),
    EncodingType: query.get('encoding-type') ?? undefined,
    MaxKeys: limit,
    IsTruncated: page.next !== undefined,
    ...position,
    Contents: page.objects.map((object) => contents(object, written)),
    CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: written(prefix) })),
  });
}

function limitOf(text: string | null): number {
  if (text === null) return MOST_KEYS;
  if (/^\d+$/.test(text)) return Math.min(Number(text), MOST_KEYS);
  throw new S3Error('InvalidArgument', 'Provided max-keys not an integer or within integer range');
}

function contents({ key, bytes, etag, modifiedAt }: StoredObject, written: (key: string) => string): XmlElements {
  return { Key: written(key), LastModified: modifiedAt, ETag: etag, Size: bytes, StorageClass: 'STANDARD' };
}

interface Token {
  readonly after: string;
  readonly sinceMs: number;
}

function writeToken({ after, sinceMs }: Token): string {
  return `${sinceMs}.${Buffer.from(after).toString('base64url')}`;
}

function readToken(query: URLSearchParams): Token | undefined {
  const token = query.get('continuation-token');
  if (token === null) return undefined;
  const [, since, after] = /^(\d+)\.([\w-]*)$/.exec(token) ?? [];
  if (after === undefined) throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  return { after: Buffer.from(after, 'base64url').toString('utf8'), sinceMs: Number(since) };
}

type Written = (key: string) => string;

function tokens(
  query: URLSearchParams,
  { objects, commonPrefixes, next }: Listing,
  sinceMs: number,
  written: Written,
): XmlElements {
  const startAfter = query.get('start-after');
  return {
    KeyCount: objects.length + commonPrefixes.length,
    ContinuationToken: query.get('continuation-token') ?? undefined,
    NextContinuationToken: next && writeToken({ after: next.after, sinceMs }),
    StartAfter: startAfter === null ? undefined : written(startAfter),
  };
}

/** Callers without a delimiter go on from the last key that they got. */
function markers(query: URLSearchParams, { next }: Listing, written: Written): XmlElements {
  return {
    Marker: written(query.get('marker') ?? ''),
    NextMarker: next === undefined || !query.has('delimiter') ? undefined : written(next.last),
  };
}

/** `url` keeps characters alive that XML has no way to write. */
function writer(encoding: string | null): Written {
  if (encoding !== 'url') return (key) => key;
  return (key) => encodeURIComponent(key).replace(/%2F/g, '/');
}
