/**
 * S3's REST protocol over the object store: finds the operation of a request and answers its refusals. Our own, because
 * the packages that there are lose keys or hold objects in memory (docs/decisions/0011-own-s3.md).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { toTwinvecError } from '#core/errors.ts';
import type { MultipartUploads } from '../object-store/multipart-uploads.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import { S3Error } from '../object-store/s3-error.ts';
import { readAddress, type S3Address } from './address.ts';
import {
  createBucket,
  deleteBucket,
  deleteObjects,
  headBucket,
  listBuckets,
  noBucketPolicy,
  noBucketTags,
  readAcl,
  readLocation,
  readVersioning,
} from './buckets.ts';
import type { S3Operation } from './call.ts';
import { checkNotExpired } from './expiry.ts';
import { listObjects } from './list-objects.ts';
import { deleteObject, readAttributes, readObject, readTags } from './read-object.ts';
import { abortUpload, completeUpload, listParts, listUploads, startUpload, uploadPart } from './upload-parts.ts';
import { putObject } from './write-object.ts';
import { writeXml } from './xml.ts';

export type S3 = (request: IncomingMessage, response: ServerResponse) => void;

interface NamedOperation {
  /** Those of the API that are told apart by headers or parameters only. */
  readonly names: readonly string[];
  readonly run: S3Operation;
}

/** Method and sub-resource, such as `GET uploads`; without one, the method alone. */
type Operations = Readonly<Record<string, NamedOperation>>;

const OF_BUCKET: Operations = {
  GET: { names: ['ListObjects', 'ListObjectsV2'], run: listObjects },
  HEAD: { names: ['HeadBucket'], run: headBucket },
  PUT: { names: ['CreateBucket'], run: createBucket },
  DELETE: { names: ['DeleteBucket'], run: deleteBucket },
  'GET location': { names: ['GetBucketLocation'], run: readLocation },
  'GET versioning': { names: ['GetBucketVersioning'], run: readVersioning },
  'GET acl': { names: ['GetBucketAcl'], run: readAcl },
  'GET tagging': { names: ['GetBucketTagging'], run: noBucketTags },
  'GET policy': { names: ['GetBucketPolicy'], run: noBucketPolicy },
  'GET uploads': { names: ['ListMultipartUploads'], run: listUploads },
  'POST delete': { names: ['DeleteObjects'], run: deleteObjects },
};

const OF_OBJECT: Operations = {
  GET: { names: ['GetObject'], run: readObject },
  HEAD: { names: ['HeadObject'], run: readObject },
  PUT: { names: ['PutObject', 'CopyObject'], run: putObject },
  DELETE: { names: ['DeleteObject'], run: deleteObject },
  'GET acl': { names: ['GetObjectAcl'], run: readAcl },
  'GET tagging': { names: ['GetObjectTagging'], run: readTags },
  'GET attributes': { names: ['GetObjectAttributes'], run: readAttributes },
  'GET uploadId': { names: ['ListParts'], run: listParts },
  'POST uploads': { names: ['CreateMultipartUpload'], run: startUpload },
  'PUT uploadId': { names: ['UploadPart', 'UploadPartCopy'], run: uploadPart },
  'POST uploadId': { names: ['CompleteMultipartUpload'], run: completeUpload },
  'DELETE uploadId': { names: ['AbortMultipartUpload'], run: abortUpload },
};

/** By the names of the API. */
export const S3_OPERATIONS: readonly string[] = [
  'ListBuckets',
  ...Object.values(OF_BUCKET).flatMap(({ names }) => names),
  ...Object.values(OF_OBJECT).flatMap(({ names }) => names),
];

/** Query parameters that belong to an operation or to its signature; any other bare name asks for a sub-resource. */
const SUB_RESOURCES =
  /^(accelerate|acl|analytics|attributes|cors|delete|encryption|intelligent-tiering|inventory|legal-hold|lifecycle|location|logging|metadataConfiguration|metadataTable|metrics|notification|object-lock|ownershipControls|policy|policyStatus|publicAccessBlock|renameObject|replication|requestPayment|restore|retention|select|session|tagging|torrent|uploadId|uploads|versionId|versioning|versions|website)$/;

export function createS3(store: ObjectStore, uploads: MultipartUploads): S3 {
  async function answer(request: IncomingMessage, response: ServerResponse, address: S3Address): Promise<void> {
    checkNotExpired(address.query, new Date());
    const operation = operationOf(request.method ?? '', address);
    const { bucket = '', key, query } = address;
    await operation({ request, response, store, uploads, bucket, key, query });
  }

  let requests = 0;
  return (request, response) => {
    requests += 1;
    response.setHeader('x-amz-request-id', String(requests).padStart(16, '0'));
    let address: S3Address | undefined;
    void (async () => {
      try {
        address = readAddress(request);
        await answer(request, response, address);
      } catch (thrown) {
        sendError(request, response, thrown, address);
      }
    })();
  };
}

function operationOf(method: string, { bucket, key, query }: S3Address): S3Operation {
  if (bucket === undefined) {
    if (method === 'GET') return listBuckets;
    throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.');
  }
  const sub = [...query.keys()].find((name) => SUB_RESOURCES.test(name));
  const name = sub === undefined ? method : `${method} ${sub}`;
  const operation = (key === '' ? OF_BUCKET : OF_OBJECT)[name];
  if (operation) return operation.run;
  throw new S3Error(
    'NotImplemented',
    `The local service does not do "${name}" of ${key === '' ? 'a bucket' : 'an object'}; docs/local-differences.md lists what it does.`,
  );
}

function sendError(
  request: IncomingMessage,
  response: ServerResponse,
  thrown: unknown,
  address: S3Address | undefined,
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const error = thrown instanceof S3Error ? thrown : new S3Error('InternalError', toTwinvecError(thrown).message);
  const body = Buffer.from(
    writeXml(
      'Error',
      { Code: error.code, Message: error.message, BucketName: address?.bucket, Key: address?.key || undefined },
      '',
    ),
  );
  // What the client still sends is not read to its end.
  if (!request.complete) response.setHeader('connection', 'close');
  if (request.method === 'HEAD') response.writeHead(error.status).end();
  else response.writeHead(error.status, { 'content-type': 'application/xml', 'content-length': body.length }).end(body);
}
