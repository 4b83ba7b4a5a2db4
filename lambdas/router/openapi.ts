/** `GET /openapi.json`: the API in OpenAPI 3.1, made of the tables that the code itself follows. */
import { ERRORS, type ErrorCode } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { MEDIA_TYPES } from '#core/object2vec/wire-formats.ts';
import { TENSOR_ANSWER_TYPES, TENSOR_REQUEST_TYPES } from '#core/tensors/media-types.ts';
import { INPUT_HEADER } from './async/own-upload.ts';
import { asyncRouteOf, type RouterEnvironment } from './environment.ts';
import { ROUTES, type RouteName } from './routes.ts';

type Schema = Readonly<Record<string, unknown>>;

const ERROR_BODY: Schema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'requestId'],
      properties: {
        code: { type: 'string', enum: Object.keys(ERRORS) },
        message: { type: 'string' },
        requestId: { type: 'string' },
        record: { type: 'integer', minimum: 0, description: 'Zero-based index of the record within the request.' },
      },
    },
  },
};

const PENDING: Schema = {
  type: 'object',
  required: ['status', 'id', 'statusUrl'],
  properties: { status: { const: 'pending' }, id: { type: 'string' }, statusUrl: { type: 'string' } },
};

/** What this deployment offers: models and asynchronous requests only where it has them. */
export function describeApi(environment: RouterEnvironment): Record<string, unknown> {
  const operations: Readonly<Record<RouteName, Schema | undefined>> = {
    invoke: invocation(environment, asyncRouteOf(environment) !== undefined),
    invokeModel: environment.MODELS && {
      ...invocation(environment, false),
      parameters: [
        { ...pathParameter('model'), schema: { type: 'string', enum: Object.keys(environment.MODELS) } },
        ...headerParameters(false),
      ],
    },
    getInvocation: asyncRouteOf(environment) && {
      parameters: [pathParameter('id')],
      responses: {
        200: { description: "The model's answer", content: contentOf(answerTypes(environment)) },
        202: json('There is no answer yet', PENDING),
        303: { description: 'The answer is too large for this API; Location is a link that works for some minutes' },
        default: refusal(),
      },
    },
    health: {
      responses: {
        200: json('The endpoint answers', { type: 'object', properties: { status: { type: 'string' } } }),
        default: refusal(),
      },
    },
    openapi: { responses: { 200: json('This document', { type: 'object' }) } },
  };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, { method, path, summary }] of Object.entries(ROUTES)) {
    const operation = operations[name as RouteName];
    if (!operation) continue;
    paths[path] = { ...paths[path], [method.toLowerCase()]: { operationId: name, summary, ...operation } };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Twinvec', version: '1', description: errorTable() },
    paths,
    components: { schemas: { Error: ERROR_BODY } },
  };
}

function invocation(environment: RouterEnvironment, mayBeAsync: boolean): Schema {
  return {
    parameters: headerParameters(mayBeAsync),
    requestBody: {
      required: !mayBeAsync,
      description: `At most ${LIMITS.realTimeBody.value} bytes and ${LIMITS.realTimeRecords.value} records.`,
      content: contentOf(requestTypes(environment)),
    },
    responses: {
      200: { description: "The model's answer", content: contentOf(answerTypes(environment)) },
      ...(mayBeAsync && { 202: json('Queued; Location says where to ask for the answer', PENDING) }),
      default: refusal(),
    },
  };
}

function requestTypes({ MODEL_KIND, MODELS }: RouterEnvironment): readonly string[] {
  const kinds = [MODEL_KIND, ...Object.values(MODELS ?? {}).map(({ kind }) => kind)];
  return kinds.includes('tensorflow') ? TENSOR_REQUEST_TYPES : MEDIA_TYPES;
}

function answerTypes({ MODEL_KIND, MODELS }: RouterEnvironment): readonly string[] {
  const kinds = [MODEL_KIND, ...Object.values(MODELS ?? {}).map(({ kind }) => kind)];
  return kinds.includes('tensorflow') ? TENSOR_ANSWER_TYPES : MEDIA_TYPES;
}

function headerParameters(mayBeAsync: boolean): Schema[] {
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string', maxLength: LIMITS.headerValue.value },
  });
  return [
    header('x-request-id', 'Comes back in the answer and is in every log; 1 to 64 of A-Z a-z 0-9 . _ = -'),
    header('x-amzn-sagemaker-custom-attributes', 'Goes to the model as it is'),
    header('prefer', 'wait=20: wait so many seconds for a model that has to start; respond-async: 202 at once'),
    ...(mayBeAsync ? [header(INPUT_HEADER, 'An object of the uploads/ folder, instead of a body')] : []),
  ];
}

function pathParameter(name: string): Schema {
  return { name, in: 'path', required: true, schema: { type: 'string' } };
}

function contentOf(mediaTypes: readonly string[]): Schema {
  return Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, {}]));
}

function json(description: string, schema: Schema): Schema {
  return { description, content: { 'application/json': { schema } } };
}

function refusal(): Schema {
  return json('Refused, with one of the codes of the description', { $ref: '#/components/schemas/Error' });
}

function errorTable(): string {
  const rows = (Object.keys(ERRORS) as ErrorCode[]).map((code) => {
    const { status, retryable, summary } = ERRORS[code];
    return `| ${code} | ${status} | ${retryable ? 'yes' : 'no'} | ${summary} |`;
  });
  return ['| code | status | retry | meaning |', '|---|---|---|---|', ...rows].join('\n');
}
