/** What travels in headers about an object: on the way in as facts to keep, on the way out as they were given. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { checksumHeader } from '../object-store/checksums.ts';
import type { ObjectFacts, StoredObject } from '../object-store/object-store.ts';
import { headerText } from './upload-body.ts';

const KEPT = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires'] as const;
const METADATA = 'x-amz-meta-';
const DEFAULT_TYPE = 'binary/octet-stream';
/** A reader may ask for other values of these, `response-content-type` for instance. */
export const OVERRIDABLE = ['content-type', ...KEPT] as const;

export function factsOf(headers: IncomingHttpHeaders): ObjectFacts {
  const kept: Record<string, string> = {};
  for (const name of KEPT) {
    const value = name === 'content-encoding' ? encodingOf(headers) : headerText(headers, name);
    if (value) kept[name] = value;
  }
  const metadata: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    if (name.startsWith(METADATA)) metadata[name.slice(METADATA.length)] = headerText(headers, name)!;
  }
  const contentType = headers['content-type'];
  const tags = headerText(headers, 'x-amz-tagging');
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(Object.keys(kept).length === 0 ? {} : { headers: kept }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(tags === undefined ? {} : { tags }),
  };
}

/** `aws-chunked` is how it came, not what it is. */
function encodingOf(headers: IncomingHttpHeaders): string {
  const codings = (headers['content-encoding'] ?? '').split(',').map((coding) => coding.trim());
  return codings.filter((coding) => coding !== 'aws-chunked').join(',');
}

export function headersOf({ facts, etag, modifiedAt }: StoredObject): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {
    'content-type': facts.contentType ?? DEFAULT_TYPE,
    etag,
    'last-modified': modifiedAt.toUTCString(),
    'accept-ranges': 'bytes',
    ...facts.headers,
  };
  for (const [name, value] of Object.entries(facts.metadata ?? {})) headers[METADATA + name] = value;
  if (facts.tags) headers['x-amz-tagging-count'] = new URLSearchParams(facts.tags).size;
  return headers;
}

export function checksumHeaders({ checksum }: ObjectFacts): OutgoingHttpHeaders {
  if (!checksum) return {};
  return { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type };
}
