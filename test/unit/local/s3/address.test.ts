import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { readAddress } from '../../../../local/s3/address.ts';

function addressOf(host: string, url: string) {
  const { bucket, key } = readAddress({ url, headers: { host } } as IncomingMessage);
  return { bucket, key };
}

describe('the address of an S3 request', () => {
  it.each([
    ['127.0.0.1:8090', '/', undefined, ''],
    ['127.0.0.1:8090', '/data', 'data', ''],
    ['127.0.0.1:8090', '/data/', 'data', ''],
    ['localhost:8090', '/data/a/b%20c+d', 'data', 'a/b c+d'],
    ['localhost', '/data//a', 'data', '/a'],
    ['data.localhost:8090', '/a/b?x=y', 'data', 'a/b'],
    ['my.data.s3.localhost:8090', '/a', 'my.data', 'a'],
    ['data.s3.eu-west-1.amazonaws.com', '/', 'data', ''],
    ['data.s3.amazonaws.com', '/k', 'data', 'k'],
    ['s3.localhost:8090', '/data/k', 'data', 'k'],
    ['s3.eu-west-1.amazonaws.com', '/data/k', 'data', 'k'],
    ['[::1]:8090', '/data/k', 'data', 'k'],
  ])('%s%s means the bucket %s and the key "%s"', (host, url, bucket, key) => {
    expect(addressOf(host, url)).toEqual({ bucket, key });
  });

  it('is refused when it is not UTF-8', () => {
    expect(() => addressOf('localhost', '/data/%ff')).toThrow(expect.objectContaining({ code: 'InvalidURI' }));
  });
});
