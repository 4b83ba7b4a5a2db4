/** The local service's S3 through clients that no one here wrote: boto3, and the AWS CLI as a person types it. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type LocalService, startLocal } from '../../local/start.ts';
import { findClis, runCli } from './aws-cli.ts';
import { AWS_CLI, findPackages, type PythonClient, startPythonClient } from './python-client.ts';

// Each call of the CLI is a Python that starts, and a busy machine starts many.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const found = await findPackages(AWS_CLI);

/** Spec faults Q5, and what the file system under the store could stumble over. */
const ODD_KEYS = [
  ...['a b', 'a+b', 'a%2Fb', '%41', '100%', '50%/off', 'é/漢字/🙂', '~t*!(),;@=&$', '?q=1&r=2', '#hash', '\\back'],
  ...['/leading', 'trailing/', '//', 'a//b', 'a/b', 'a', 'x/%2F', '..', '../..', './x', '.', 'x/../y', '.hidden'],
  ...[
    'new\nline',
    'return\rline',
    'tab\tx',
    '"quoted\'<&>',
    ' spaces ',
    'k'.repeat(1024),
    `${'é'.repeat(100)}/z`.repeat(5),
  ],
];
const MANY = 1000;

let work: string;
let service: LocalService;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'twinvec-s3-clients-'));
  service = await startLocal({ port: 0, dir: path.join(work, 'local') });
});

afterAll(async () => {
  await service.close();
  await rm(work, { recursive: true });
});

describe.skipIf(!found.folder)(`boto3 with the local S3${found.note}`, () => {
  let python: PythonClient;

  beforeAll(async () => {
    python = await startPythonClient(found.folder!, service.url);
    await python.run(`s3.create_bucket(Bucket="boto")`);
  });

  afterAll(() => python.close());

  it('writes, reads, lists and deletes objects of odd keys', async () => {
    // Act
    const contents = await python.run(
      `
      s3.create_bucket(Bucket="odd")
      for key in values:
          s3.put_object(Bucket="odd", Key=key, Body=("content of " + key).encode())
      return [s3.get_object(Bucket="odd", Key=key)["Body"].read().decode() for key in values]`,
      ODD_KEYS,
    );
    const [second, first, below] = (await python.run(`
      def pages(operation, **more):
          for page in s3.get_paginator(operation).paginate(Bucket="odd", PaginationConfig={"PageSize": 3}, **more):
              yield from [one["Key"] for one in page.get("Contents", [])]
              yield from [one["Prefix"] for one in page.get("CommonPrefixes", [])]
      return [list(pages("list_objects_v2")), list(pages("list_objects")), sorted(pages("list_objects_v2", Delimiter="/"))]`)) as string[][];
    const left = await python.run(
      `
      s3.delete_objects(Bucket="odd", Delete={"Objects": [{"Key": key} for key in values]})
      return s3.list_objects_v2(Bucket="odd")["KeyCount"]`,
      ODD_KEYS,
    );

    // Assess
    const inOrder = [...ODD_KEYS].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(contents).toEqual(ODD_KEYS.map((key) => `content of ${key}`));
    expect(second).toEqual(inOrder);
    expect(first).toEqual(inOrder);
    expect(new Set(below)).toEqual(new Set(ODD_KEYS.map((key) => key.slice(0, key.indexOf('/') + 1) || key)));
    expect(left).toBe(0);
  });

  it('reads back content type, metadata, ranges and checksums, and finds a damaged upload refused', async () => {
    // Act
    const seen = await python.run(`
      s3.put_object(Bucket="boto", Key="m", Body=b"0123456789", ContentType="text/x", ContentEncoding="gzip",
                    CacheControl="no-store", Metadata={"who": "boto"}, Tagging="a=1", ChecksumAlgorithm="SHA256")
      head = s3.head_object(Bucket="boto", Key="m", ChecksumMode="ENABLED")
      return [
          [head[name] for name in ["ContentLength", "ContentType", "ContentEncoding", "CacheControl", "Metadata", "ChecksumSHA256"]],
          [s3.get_object(Bucket="boto", Key="m", Range=r)["Body"].read().decode() for r in ["bytes=2-4", "bytes=7-", "bytes=-2"]],
          s3.get_object_tagging(Bucket="boto", Key="m")["TagSet"],
          error_of(lambda: s3.put_object(Bucket="boto", Key="d", Body=b"x", ChecksumCRC32="AAAAAA=="))[:2],
          error_of(lambda: s3.put_object(Bucket="boto", Key="d", Body=b"x", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg=="))[:2],
      ]`);

    // Assess
    const sha256 = createHash('sha256').update('0123456789').digest('base64');
    expect(seen).toEqual([
      [10, 'text/x', 'gzip', 'no-store', { who: 'boto' }, sha256],
      ['234', '789', '89'],
      [{ Key: 'a', Value: '1' }],
      ['BadDigest', 400],
      ['BadDigest', 400],
    ]);
  });

  it('sends a large file in parts, copies it in parts, and reads it as it was', async () => {
    const seen = await python.run(`
      import io, os
      body = os.urandom(20_000_000)
      s3.upload_fileobj(io.BytesIO(body), "boto", "large", ExtraArgs={"ContentType": "application/x-large"})
      s3.copy({"Bucket": "boto", "Key": "large"}, "boto", "copies/large")
      back = io.BytesIO()
      s3.download_fileobj("boto", "copies/large", back)
      parts = s3.get_object_attributes(Bucket="boto", Key="large", ObjectAttributes=["ObjectParts", "ObjectSize"])
      second = s3.get_object(Bucket="boto", Key="large", PartNumber=2)
      return [back.getvalue() == body, parts["ObjectSize"], parts["ObjectParts"]["TotalPartsCount"], second["PartsCount"],
              second["Body"].read() == body[8 * 1024**2:16 * 1024**2], s3.list_multipart_uploads(Bucket="boto").get("Uploads")]`);

    expect(seen).toEqual([true, 20_000_000, 3, 3, true, null]);
  });

  it('meets the errors of S3 as its own exceptions', async () => {
    const errors = await python.run(`
      s3.put_object(Bucket="boto", Key="here", Body=b"0123")
      return [error_of(call)[:2] for call in [
          lambda: s3.get_object(Bucket="boto", Key="none"),
          lambda: s3.head_object(Bucket="boto", Key="none"),
          lambda: s3.list_objects_v2(Bucket="no-such"),
          lambda: s3.put_object(Bucket="no-such", Key="x", Body=b"x" * 3_000_000),
          lambda: s3.create_bucket(Bucket="Bad_Name"),
          lambda: s3.delete_bucket(Bucket="boto"),
          lambda: s3.put_object(Bucket="boto", Key="k" * 1025, Body=b""),
          lambda: s3.get_object(Bucket="boto", Key="here", Range="bytes=9-"),
          lambda: s3.get_object(Bucket="boto", Key="here", IfMatch='"x"'),
          lambda: s3.put_object(Bucket="boto", Key="here", Body=b"", IfNoneMatch="*"),
          lambda: s3.list_parts(Bucket="boto", Key="here", UploadId="none"),
          lambda: s3.put_bucket_policy(Bucket="boto", Policy="{}"),
          lambda: s3.get_bucket_tagging(Bucket="boto"),
      ]]`);

    expect(errors).toEqual([
      ['NoSuchKey', 404],
      ['404', 404],
      ['NoSuchBucket', 404],
      ['NoSuchBucket', 404],
      ['InvalidBucketName', 400],
      ['BucketNotEmpty', 409],
      ['KeyTooLongError', 400],
      ['InvalidRange', 416],
      ['PreconditionFailed', 412],
      ['PreconditionFailed', 412],
      ['NoSuchUpload', 404],
      ['NotImplemented', 501],
      ['NoSuchTagSet', 404],
    ]);
  });

  it('says who is calling', async () => {
    expect(await python.run(`return boto3.client("sts").get_caller_identity()["Account"]`)).toBe('000000000000');
  });
});

describe.each(findClis(found))('$name with the local S3$note', (cli) => {
  const bucket = cli.name.toLowerCase().replaceAll(' ', '-');

  async function aws(...args: string[]): Promise<string> {
    const { exitCode, out, errors } = await runCli(cli, service.url, args);
    if (exitCode !== 0) throw new Error(`aws ${args.join(' ')} ended with ${exitCode}: ${errors}`);
    return out;
  }

  it.skipIf(cli.note !== '')(
    `makes a bucket, copies ${MANY} files of odd names up, lists, syncs and removes them`,
    async () => {
      // Prepare
      const up = path.join(work, `${bucket}-up`);
      const down = path.join(work, `${bucket}-down`);
      const oddities = [
        ' ',
        '+',
        '%2F',
        '%',
        '#',
        '&',
        '=',
        "'",
        '"',
        'é',
        '漢字',
        '🙂',
        ';',
        '~',
        '()',
        '[]',
        '@',
        ',',
        '!',
        '$',
      ];
      for (let n = 0; n < MANY; n++) {
        const folder = path.join(up, `part${oddities[n % 7]}${n % 7}`);
        await mkdir(folder, { recursive: true });
        await writeFile(path.join(folder, `file${oddities[n % oddities.length]}${n}.jsonl`), `content ${n}`);
      }

      // Act
      await aws('s3', 'mb', `s3://${bucket}`);
      await aws('s3', 'cp', '--recursive', '--only-show-errors', up, `s3://${bucket}/in/`);
      const listed = await aws('s3', 'ls', '--recursive', '--summarize', `s3://${bucket}/in/`);
      await writeFile(path.join(work, 'local', 's3', bucket, 'in', 'by hand.jsonl'), 'put there by a person');
      await aws('s3', 'sync', '--only-show-errors', `s3://${bucket}/in/`, down);
      const again = await aws('s3', 'sync', '--dryrun', down, `s3://${bucket}/in/`);
      await aws('s3', 'rm', '--recursive', '--only-show-errors', `s3://${bucket}/in/`);
      const left = await aws('s3api', 'list-objects-v2', '--bucket', bucket, '--query', 'length(Contents || `[]`)');

      // Assess
      expect(listed).toContain(`Total Objects: ${MANY}`);
      expect(await filesBelow(down)).toEqual({ ...(await filesBelow(up)), 'by hand.jsonl': 'put there by a person' });
      expect(again).toBe('');
      expect(left.trim()).toBe('0');
    },
  );

  it.skipIf(cli.note !== '')('presigns an address that anyone can read, and one that has expired', async () => {
    // Prepare
    await writeFile(path.join(work, 'shared.txt'), 'for everyone');
    await aws('s3', 'mb', `s3://${bucket}-shared`);
    await aws('s3', 'cp', path.join(work, 'shared.txt'), `s3://${bucket}-shared/a b.txt`);

    // Act
    const address = (await aws('s3', 'presign', `s3://${bucket}-shared/a b.txt`)).trim();
    const old = address.replace(/Expires=\d+/, 'Expires=1').replace(/X-Amz-Date=\d{4}/, 'X-Amz-Date=2020');
    const [now, late] = await Promise.all([fetch(address), fetch(old)]);

    // Assess
    expect(await now.text()).toBe('for everyone');
    expect(now.headers.get('content-type')).toBe('text/plain');
    expect(late.status).toBe(403);
    expect(await late.text()).toContain('Request has expired');
  });

  it.skipIf(cli.note !== '')('says what is wrong in the words of the service', async () => {
    const { exitCode, errors } = await runCli(cli, service.url, ['s3', 'ls', 's3://no-such-bucket']);

    expect(exitCode).not.toBe(0);
    expect(errors).toContain('An error occurred (NoSuchBucket) when calling the ListObjectsV2 operation');
  });
});

async function filesBelow(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const contents = await Promise.all(
    files.map(async (file) => [path.relative(folder, file), await readFile(file, 'utf8')]),
  );
  return Object.fromEntries(contents);
}
