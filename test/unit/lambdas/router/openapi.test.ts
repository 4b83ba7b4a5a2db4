/** /openapi.json and the code say the same: every route, status and media type of the one is in the other. */
import { describe, expect, it } from 'vitest';
import { ERRORS } from '#core/errors.ts';
import { MEDIA_TYPES } from '#core/object2vec/wire-formats.ts';
import { TENSOR_REQUEST_TYPES } from '#core/tensors/media-types.ts';
import { parseEnvironment } from '../../../../lambdas/commons/environment.ts';
import { RouterEnvironment } from '../../../../lambdas/router/environment.ts';
import { describeApi } from '../../../../lambdas/router/openapi.ts';
import { ROUTES } from '../../../../lambdas/router/routes.ts';

const WITH_ALL = {
  ENDPOINT_NAME: 'pairs',
  ASYNC_ENDPOINT_NAME: 'later',
  ASYNC_S3_URI: 's3://bucket/async/',
  MODELS: '{"small":{"targetModel":"small.tar.gz"},"images":{"inferenceComponent":"images","kind":"tensorflow"}}',
};

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: { enum?: string[] } }[];
  readonly requestBody?: { readonly content: Record<string, unknown> };
  readonly responses: Record<string, unknown>;
}

function describeWith(variables: Record<string, string>) {
  const document = describeApi(parseEnvironment(RouterEnvironment, variables));
  return {
    text: JSON.stringify(document),
    paths: document.paths as Record<string, Record<string, Operation>>,
  };
}

describe('the description of the API', () => {
  it('has every route of the table, with a parameter for each placeholder', () => {
    const { paths } = describeWith(WITH_ALL);
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(
      Object.values(ROUTES)
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );
    for (const [path, methods] of Object.entries(paths)) {
      const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters = [] } of Object.values(methods)) {
        expect(parameters.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(placeholders);
      }
    }
  });

  it('has only what the deployment has', () => {
    const { paths } = describeWith({ ENDPOINT_NAME: 'pairs' });
    expect(Object.keys(paths).sort()).toEqual(['/health', '/invocations', '/openapi.json']);
    expect(paths['/invocations']!.post!.responses).not.toHaveProperty('202');
  });

  it('names the models, and the media types that their kinds take', () => {
    const { paths } = describeWith(WITH_ALL);
    const operation = paths['/models/{model}/invocations']!.post!;
    expect(operation.parameters?.find(({ name }) => name === 'model')?.schema.enum).toEqual(['small', 'images']);
    expect(Object.keys(operation.requestBody!.content)).toEqual([...TENSOR_REQUEST_TYPES]);
    const alone = describeWith({ ENDPOINT_NAME: 'pairs' });
    expect(Object.keys(alone.paths['/invocations']!.post!.requestBody!.content)).toEqual([...MEDIA_TYPES]);
  });

  it('has every code of the error table, and says nothing of buckets or endpoints', () => {
    const { text } = describeWith(WITH_ALL);
    for (const code of Object.keys(ERRORS)) expect(text).toContain(`"${code}"`);
    expect(text).not.toMatch(/s3:\/\/bucket|later/);
  });
});
