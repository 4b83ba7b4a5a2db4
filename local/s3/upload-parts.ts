/** Multipart uploads: start, parts from a body or a copy, list, complete, abort. */
import {
  type ChecksumAlgorithm,
  type ChecksumType,
  checksumAlgorithm,
  checksumHeader,
} from '../object-store/checksums.ts';
import { PART_NUMBERS, type Upload, type UploadStart } from '../object-store/multipart-uploads.ts';
import { S3Error } from '../object-store/s3-error.ts';
import { header, type S3Call, sendEmpty, sendXml } from './call.ts';
import { checkWrite } from './conditions.ts';
import { factsOf } from './object-headers.ts';
import { receiveText } from './receive-text.ts';
import { receiveUpload } from './upload-body.ts';
import { copySource, readSource, requireBucket } from './write-object.ts';
import { readElements, readText } from './xml.ts';

export function startUpload(call: S3Call): void {
  const { request, response, store, uploads, bucket, key } = call;
  requireBucket(store, bucket);
  const checksum = checksumOfParts(call);
  const start: UploadStart = { bucket, key, facts: factsOf(request.headers), ...(checksum ? { checksum } : {}) };
  if (checksum) {
    response.setHeader('x-amz-checksum-algorithm', checksum.algorithm);
    response.setHeader('x-amz-checksum-type', checksum.type);
  }
  const { id } = uploads.start(start);
  sendXml(call, 'InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: id });
}

/** CRC-64 can only be of the whole object; of the others AWS makes one of the parts' checksums unless asked. */
function checksumOfParts(call: S3Call): UploadStart['checksum'] {
  const algorithm: ChecksumAlgorithm | undefined = checksumAlgorithm(header(call, 'x-amz-checksum-algorithm') ?? '');
  if (!algorithm) return undefined;
  const whole = algorithm === 'CRC64NVME' || header(call, 'x-amz-checksum-type') === 'FULL_OBJECT';
  const type: ChecksumType = whole ? 'FULL_OBJECT' : 'COMPOSITE';
  return { algorithm, type };
}

export async function uploadPart(call: S3Call): Promise<void> {
  const { request, response, store, uploads } = call;
  const number = Number(call.query.get('partNumber'));
  if (!Number.isInteger(number) || number < PART_NUMBERS.first || number > PART_NUMBERS.last) {
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  }
  const upload = wantedUpload(call);
  if (header(call, 'x-amz-copy-source') !== undefined) return copyPart(call, upload, number);
  const { received, checksum } = await receiveUpload(request, store);
  uploads.putPart(upload, number, received, checksum?.value);
  if (checksum) response.setHeader(checksumHeader(checksum.algorithm), checksum.value);
  response.writeHead(200, { etag: `"${received.md5}"`, 'content-length': 0 }).end();
}

async function copyPart(call: S3Call, upload: Upload, number: number): Promise<void> {
  const source = copySource(call);
  const range = header(call, 'x-amz-copy-source-range');
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? `bytes=0-${source.bytes - 1}`) ?? [];
  if (first === undefined || Number(last) >= source.bytes || Number(first) > Number(last)) {
    throw new S3Error('InvalidArgument', `The range ${range} is not one of a source of ${source.bytes} bytes`);
  }
  const received = await call.store.receive(readSource(call.store, source, Number(first), Number(last)));
  call.uploads.putPart(upload, number, received);
  sendXml(call, 'CopyPartResult', { LastModified: new Date(), ETag: `"${received.md5}"` });
}

export async function completeUpload(call: S3Call): Promise<void> {
  const { request, store, uploads, bucket, key } = call;
  const upload = wantedUpload(call);
  const text = await receiveText(request);
  const wanted = readElements(text, 'Part').map((part) => ({
    number: Number(readText(part, 'PartNumber')),
    etag: readText(part, 'ETag') ?? '',
  }));
  checkWrite(request.headers, () => store.find(bucket, key));
  const object = await uploads.complete(upload, wanted);
  const { checksum } = object.facts;
  sendXml(call, 'CompleteMultipartUploadResult', {
    Location: `http://${request.headers.host}/${bucket}/${encodeURIComponent(key)}`,
    Bucket: bucket,
    Key: key,
    ETag: object.etag,
    ...(checksum ? { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type } : {}),
  });
}

export function abortUpload(call: S3Call): void {
  call.uploads.abort(wantedUpload(call));
  sendEmpty(call, 204);
}

export function listParts(call: S3Call): void {
  const upload = wantedUpload(call);
  const limit = Number(call.query.get('max-parts') ?? 1000);
  const after = Number(call.query.get('part-number-marker') ?? 0);
  const parts = call.uploads.parts(upload).filter(({ number }) => number > after);
  const page = parts.slice(0, limit);
  const more = parts.length > page.length;
  sendXml(call, 'ListPartsResult', {
    Bucket: upload.bucket,
    Key: upload.key,
    UploadId: upload.id,
    PartNumberMarker: after,
    NextPartNumberMarker: more ? page.at(-1)?.number : undefined,
    MaxParts: limit,
    IsTruncated: more,
    StorageClass: 'STANDARD',
    Part: page.map(({ number, modifiedAt, md5, bytes }) => ({
      PartNumber: number,
      LastModified: modifiedAt,
      ETag: `"${md5}"`,
      Size: bytes,
    })),
  });
}

export function listUploads(call: S3Call): void {
  const { store, uploads, bucket, query } = call;
  requireBucket(store, bucket);
  const prefix = query.get('prefix') ?? '';
  const found = uploads.list(bucket).filter(({ key }) => key.startsWith(prefix));
  sendXml(call, 'ListMultipartUploadsResult', {
    Bucket: bucket,
    Prefix: prefix,
    MaxUploads: 1000,
    IsTruncated: false,
    Upload: found.map(({ key, id, startedAt }) => ({
      Key: key,
      UploadId: id,
      Initiated: startedAt,
      StorageClass: 'STANDARD',
    })),
  });
}

function wantedUpload({ uploads, bucket, key, query }: S3Call): Upload {
  return uploads.find(query.get('uploadId') ?? '', bucket, key);
}
