/** If-Match and its like (RFC 9110, section 13): whether a request is to go on with this object. */
import type { IncomingHttpHeaders } from 'node:http';
import type { StoredObject } from '../object-store/object-store.ts';
import { S3Error } from '../object-store/s3-error.ts';
import { headerText } from './upload-body.ts';

/** @throws S3Error PreconditionFailed. @returns 'not-modified' when the reader has it already. */
export function checkRead(headers: IncomingHttpHeaders, object: StoredObject): 'go-on' | 'not-modified' {
  if (headers['if-match'] !== undefined) {
    if (!matches(headers['if-match'], object)) throw failed('If-Match');
  } else if (isLater(object, headers['if-unmodified-since'])) throw failed('If-Unmodified-Since');
  if (headers['if-none-match'] !== undefined)
    return matches(headers['if-none-match'], object) ? 'not-modified' : 'go-on';
  const since = headers['if-modified-since'];
  return since !== undefined && !isLater(object, since) ? 'not-modified' : 'go-on';
}

/** For a source of a copy, where nothing is "not modified". @throws S3Error PreconditionFailed */
export function checkCopySource(headers: IncomingHttpHeaders, source: StoredObject): void {
  const prefix = 'x-amz-copy-source-';
  const conditions = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];
  const own = Object.fromEntries(conditions.map((name) => [name, headerText(headers, prefix + name)]));
  if (checkRead(own, source) === 'not-modified') throw failed('a condition on the copy source');
}

/** @param present What has the name now. @throws S3Error PreconditionFailed */
export function checkWrite(headers: IncomingHttpHeaders, present: () => StoredObject | undefined): void {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (match === undefined && noneMatch === undefined) return;
  const object = present();
  if (match !== undefined && !(object && matches(match, object))) throw failed('If-Match');
  if (noneMatch !== undefined && object && matches(noneMatch, object)) throw failed('If-None-Match');
}

function matches(condition: string, { etag }: StoredObject): boolean {
  const wanted = condition.split(',').map((one) => one.trim().replace(/^W\//, ''));
  return wanted.includes('*') || wanted.includes(etag) || wanted.includes(etag.replaceAll('"', ''));
}

/** Dates of HTTP have whole seconds. */
function isLater({ modifiedAt }: StoredObject, date: string | undefined): boolean {
  const time = Date.parse(date ?? '');
  return Math.floor(modifiedAt.getTime() / 1000) * 1000 > time;
}

function failed(condition: string): S3Error {
  return new S3Error(
    'PreconditionFailed',
    `At least one of the pre-conditions you specified did not hold: ${condition}`,
  );
}
