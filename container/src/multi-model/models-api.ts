/**
 * SageMaker's routes of a multi-model endpoint (AWS docs mms-container-apis): load, list, describe, unload and invoke.
 * Their refusals have the form and, where it has some, the words of AWS's TensorFlow container.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import { type BodyLimits, readBody, UploadAborted } from '../http/body.ts';
import type { InvocationRoute, Invocations } from '../http/invocations.ts';
import type { Readiness } from '../http/readiness.ts';
import { sendError, sendJson } from '../http/reply.ts';
import { announcedLength } from '../http/request-checks.ts';
import { requestIdOf } from '../http/request-id.ts';
import type { Subtree } from '../http/server.ts';
import { readInvocation } from '../servables/custom-attributes.ts';
import { ERRORS_OF_TF_SERVING } from '../tensorflow-serving/error-form.ts';
import type { Models } from './models.ts';

const PREFIX = '/models';
const ROUTE = /^\/models(?:\/(?<name>[^/]+)(?<invoke>\/invoke)?)?$/;
/** Of a name, a path and room. */
const MAX_BODY_BYTES = 65_536;

const LoadRequest = z.object({ model_name: z.string(), url: z.string() });

export interface ModelsApiOptions {
  readonly models: Models;
  readonly invocations: Invocations;
  readonly readiness: Readiness;
  readonly limits: BodyLimits;
}

/** `/invocations` of a multi-model endpoint, which names no model. */
export const INVOCATIONS_WITHOUT_MODEL: InvocationRoute = {
  resolve() {
    throw new TwinvecError('InvalidCustomAttributes', 'Invocation request does not contain model name.');
  },
  errorForm: ERRORS_OF_TF_SERVING,
};

export function modelsApi(options: ModelsApiOptions): Subtree {
  const { models, invocations } = options;
  return {
    prefix: PREFIX,
    handle(path, req, res, awaitsContinue) {
      const route = ROUTE.exec(path)?.groups;
      if (route?.invoke !== undefined && req.method === 'POST') {
        void invocations.handle(invokeRoute(models, route.name!), req, res, awaitsContinue);
        return;
      }
      void answer(options, route, req, res, awaitsContinue);
    },
  };
}

function invokeRoute(models: Models, name: string): InvocationRoute {
  return {
    resolve(req) {
      const { version, head } = readInvocation(req);
      return { servable: models.callable(name, version), head };
    },
    errorForm: ERRORS_OF_TF_SERVING,
  };
}

async function answer(
  options: ModelsApiOptions,
  route: Readonly<Record<string, string | undefined>> | undefined,
  req: IncomingMessage,
  res: ServerResponse,
  awaitsContinue: boolean,
): Promise<void> {
  try {
    const actions = actionsOf(options, route, awaitsContinue);
    const action = Object.hasOwn(actions, req.method ?? '') ? actions[req.method!] : undefined;
    if (!action) {
      const allowed = Object.keys(actions).join(', ');
      res.setHeader('Allow', allowed);
      throw new TwinvecError('MethodNotAllowed', `This path takes ${allowed}.`);
    }
    options.readiness.checkServing();
    const reply = await action(req, res);
    // A stopping server may have refused it already.
    if (!res.closed && !res.headersSent) sendJson(res, reply);
  } catch (thrown) {
    if (thrown instanceof UploadAborted || res.closed || res.headersSent) return;
    sendError(res, toTwinvecError(thrown), requestIdOf(req), !req.complete, ERRORS_OF_TF_SERVING);
  }
}

type Action = (req: IncomingMessage, res: ServerResponse) => unknown;

/** By HTTP method. Throws NotFound. */
function actionsOf(
  { models, limits }: ModelsApiOptions,
  route: Readonly<Record<string, string | undefined>> | undefined,
  awaitsContinue: boolean,
): Readonly<Record<string, Action>> {
  if (!route) throw new TwinvecError('NotFound', 'There is no such path below /models.');
  const { name, invoke } = route;
  if (invoke !== undefined) return { POST: () => undefined };
  if (name !== undefined) {
    return {
      GET: () => models.describe(name),
      async DELETE() {
        await models.unload(name);
        return { success: `Successfully unloaded model ${name}.` };
      },
    };
  }
  return {
    GET: (req) => models.list(pageTokenOf(req)),
    async POST(req, res) {
      const { model_name, url } = await readLoadRequest(req, res, limits, awaitsContinue);
      await models.load(model_name, url);
      return { success: `Successfully loaded model ${model_name}.` };
    },
  };
}

function pageTokenOf({ url = '' }: IncomingMessage): string | undefined {
  const queryAt = url.indexOf('?');
  return queryAt < 0 ? undefined : (new URLSearchParams(url.slice(queryAt)).get('next_page_token') ?? undefined);
}

async function readLoadRequest(
  req: IncomingMessage,
  res: ServerResponse,
  limits: BodyLimits,
  awaitsContinue: boolean,
): Promise<z.infer<typeof LoadRequest>> {
  const announced = announcedLength(req, MAX_BODY_BYTES);
  if (awaitsContinue) res.writeContinue();
  const body = await readBody(req, announced, { ...limits, maxBodyBytes: MAX_BODY_BYTES });
  limits.held.give(body.length);
  const parsed = LoadRequest.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  throw new TwinvecError('ValidationFailed', 'The body must have model_name and url, both text.');
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch (cause) {
    throw new TwinvecError('MalformedJson', 'The body is not JSON.', { cause });
  }
}
