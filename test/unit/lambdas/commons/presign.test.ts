import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { presignedUrl } from '../../../../lambdas/commons/presign.ts';

const client = new S3Client({
  region: 'eu-central-1',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session/+=' },
});

describe('a link to an object', () => {
  it('is signed for the object, its host and the time, and holds no secret', async () => {
    const url = new URL(await presignedUrl(client, { bucket: 'answers', key: 'out/a b+ü.out' }, 300));
    expect(url.host).toBe('answers.s3.eu-central-1.amazonaws.com');
    expect(url.pathname).toBe('/out/a%20b%2B%C3%BC.out');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Expires': '300',
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Security-Token': 'session/+=',
      'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(url.href).not.toContain('secret');
  });
});
