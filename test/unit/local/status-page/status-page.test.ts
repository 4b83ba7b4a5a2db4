/** The page at the service's own address: what it shows, and which requests get it rather than S3's answer. */
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateTransformJobCommand,
} from '@aws-sdk/client-sagemaker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderPage } from '../../../../local/status-page/render-page.ts';
import { type LocalClients, startLocalClients } from '../../../fixtures/local-service/clients.ts';

const FACTS = { url: 'http://127.0.0.1:8090', dir: '/work/local' };
const ROW = {
  name: 'pairs',
  region: 'eu-west-1',
  status: 'InService',
  failureReason: undefined,
  about: 'configuration blue: blue x 1',
  modifiedAt: new Date('2026-11-21T10:00:00Z'),
  logs: '/aws/sagemaker/Endpoints/pairs',
  output: 's3://bucket/out',
};

describe('the page', () => {
  it('shows name, state, time and the files on the disk', () => {
    const page = renderPage({ ...FACTS, overviews: [{ title: 'Endpoints', rows: [ROW] }] });

    expect(page).toContain('<strong>pairs</strong><br>eu-west-1, configuration blue: blue x 1');
    expect(page).toContain('<span class="good">InService</span>');
    expect(page).toContain('2026-11-21T10:00:00.000Z');
    expect(page).toContain('<code>/work/local/logs/aws/sagemaker/Endpoints/pairs</code>');
    expect(page).toContain('<code>/work/local/s3/bucket/out</code>');
  });

  it('says where there is nothing', () => {
    expect(renderPage({ ...FACTS, overviews: [{ title: 'Training jobs', rows: [] }] })).toContain(
      '<h2>Training jobs</h2>\n<p>None.</p>',
    );
  });

  it('shows every text of others as text', () => {
    // Prepare: whatever a caller, a model or a folder may bring along
    const evil = `<script>alert('"x"&')</script>`;
    const row = { ...ROW, name: evil, region: evil, status: evil, failureReason: evil, about: evil, logs: evil };

    // Act
    const page = renderPage({
      url: evil,
      dir: evil,
      overviews: [{ title: evil, rows: [{ ...row, output: evil }] }],
    });

    // Assess
    expect(page).not.toContain('<script');
    expect(page.match(/&lt;script&gt;alert\(&#39;&quot;x&quot;&amp;&#39;\)/g)?.length).toBeGreaterThanOrEqual(9);
  });
});

describe('GET /', () => {
  let local: LocalClients;
  let port: number;
  beforeAll(async () => {
    local = await startLocalClients();
    port = Number((await local.s3.config.endpoint!()).port);
  });
  afterAll(() => local.close());

  async function get(headers: http.OutgoingHttpHeaders, target = '/', method = 'GET') {
    const request = http.request({ port, host: '127.0.0.1', path: target, method, headers });
    request.end();
    const response = await new Promise<http.IncomingMessage>((resolve) => request.once('response', resolve));
    return { status: response.statusCode, headers: response.headers, body: await text(response) };
  }

  const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

  it('of a browser is the page, which nothing keeps and in which nothing runs', async () => {
    const { status, headers, body } = await get(BROWSER);

    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    });
    expect(body).toContain('<title>Local SageMaker and S3</title>');
    expect((await get(BROWSER, '/', 'HEAD')).body).toBe('');
  });

  it.each<[string, http.OutgoingHttpHeaders, string]>([
    [
      'a client that signs',
      { ...BROWSER, authorization: 'AWS4-HMAC-SHA256 Credential=a/20261121/r/s3/aws4_request' },
      '/',
    ],
    ['a client that wants no page', { accept: '*/*' }, '/'],
    ['a client that says nothing', {}, '/'],
    ['an address with a query', BROWSER, '/?X-Amz-Signature=1'],
  ])('of %s lists the buckets', async (_name, headers, target) => {
    const { body } = await get(headers, target);

    expect(body).toContain('<ListAllMyBucketsResult');
    expect(body).toContain('<Name>models</Name>');
  });

  it('of a bucket’s own address lists that bucket, and a page of somebody else who has its name led here gets none', async () => {
    expect((await get({ ...BROWSER, host: `models.localhost:${port}` })).body).toContain('<ListBucketResult');
    expect((await get({ ...BROWSER, host: `evil.example:${port}` })).body).not.toContain('<html');
  });

  it('of the SDK still lists the buckets', async () => {
    const { Buckets = [] } = await local.s3.send(new ListBucketsCommand({}));

    expect(Buckets.map(({ Name }) => Name)).toEqual(['models']);
  });

  it('shows what there is, and why it failed', async () => {
    // Prepare: the archive holds no model
    const { sageMaker } = local;
    await writeFile(path.join(local.dir, 's3', 'models', 'in.jsonl'), '1\n');
    const PrimaryContainer = { ModelDataUrl: 's3://models/model.tar.gz' };
    await sageMaker.send(new CreateModelCommand({ ModelName: 'none', PrimaryContainer }));
    const ProductionVariants = [{ VariantName: 'v', ModelName: 'none', InitialInstanceCount: 1 }];
    await sageMaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: 'c', ProductionVariants }));
    await sageMaker.send(new CreateEndpointCommand({ EndpointName: 'broken', EndpointConfigName: 'c' }));
    await sageMaker.send(
      new CreateTransformJobCommand({
        TransformJobName: 'failing',
        ModelName: 'none',
        TransformInput: { DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://models/in.jsonl' } } },
        TransformOutput: { S3OutputPath: 's3://models/out' },
        TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
      }),
    );

    // Act
    const page = async () => (await get(BROWSER)).body;
    await expect.poll(async () => (await page()).match(/class="bad">Failed</g)?.length, { timeout: 60_000 }).toBe(2);

    // Assess
    const body = await page();
    expect(body).toMatch(
      /<strong>broken<\/strong><br>eu-west-1, configuration c: v x 1<\/td>.*s3:\/\/models\/model\.tar\.gz/,
    );
    expect(body).toMatch(/<strong>failing<\/strong><br>eu-west-1, model none, input s3:\/\/models\/in\.jsonl/);
    expect(body).toContain(path.join(local.dir, 's3', 'models', 'out'));
    expect(body).toContain(path.join(local.dir, 'logs/aws/sagemaker/TransformJobs/failing'));
  });
});
