/**
 * A link to one S3 object that anybody may follow for a short while: the request that the client would send, signed in
 * its query instead of its headers (AWS Signature Version 4, query string parameters).
 */
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { TwinvecError } from '#core/errors.ts';
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';

/** The part of an HTTP request of the SDK that makes up its address. */
interface SignedRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>>;
  headers: Record<string, string>;
}

/** S3's signer can do this; the type that the client shows of it cannot. */
interface Presigner {
  presign(request: SignedRequest, options: { readonly expiresIn: number }): Promise<SignedRequest>;
}

export async function presignedUrl(client: S3Client, { bucket, key }: S3Uri, seconds: number): Promise<string> {
  const command = new GetObjectCommand({ Bucket: bucket, Key: key });
  let url: string | undefined;
  const signInsteadOfSending = () => async (args: object) => {
    const { request } = args as { readonly request: SignedRequest };
    request.headers = { host: request.headers.host ?? hostOf(request), 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const signer = (await client.config.signer()) as unknown as Presigner;
    url = addressOf(await signer.presign(request, { expiresIn: seconds }));
    return { response: {}, output: { $metadata: {} } };
  };
  command.middlewareStack.add(signInsteadOfSending, { step: 'build', name: 'twinvecPresign', priority: 'low' });
  await client.send(command);
  if (url === undefined) throw new TwinvecError('Internal', 'The link to the answer could not be signed.');
  return url;
}

function hostOf({ hostname, port }: SignedRequest): string {
  return port === undefined ? hostname : `${hostname}:${port}`;
}

function addressOf(request: SignedRequest): string {
  const url = new URL(`${request.protocol}//${hostOf(request)}${request.path}`);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== null) url.searchParams.append(name, String(value));
  }
  // The signature is over %20, which URLSearchParams writes as "+".
  return url.href.replaceAll('+', '%20');
}
