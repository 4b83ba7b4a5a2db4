/**
 * TF Serving's REST API below `/tfs/`, where AWS's container has it: predict, classify, regress, status and metadata of
 * every model version, with TF Serving's paths, statuses and shape of errors (tensorflow_serving/model_servers/
 * http_rest_api_handler.cc).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { quoteForMessage, TwinvecError, toTwinvecError } from '#core/errors.ts';
import type { InferenceMethod } from '#core/tensors/signature.ts';
import type { Invocations } from '../http/invocations.ts';
import { sendError, sendJson } from '../http/reply.ts';
import { requestIdOf } from '../http/request-id.ts';
import type { Subtree } from '../http/server.ts';
import type { Servable } from '../servables/servable.ts';
import type { Servables } from '../servables/servables.ts';
import { ERRORS_OF_TF_SERVING } from './error-form.ts';

const MODEL = String.raw`/tfs/v1/models/(?<name>[^/:]+)(?:/versions/(?<version>\d{1,19}))?`;
const CALL = new RegExp(`^${MODEL}:(?<method>predict|classify|regress)$`, 'i');
const QUESTION = new RegExp(`^${MODEL}(?<metadata>/metadata)?$`, 'i');

export function servingApi(servables: Servables, invocations: Invocations): Subtree {
  return {
    prefix: '/tfs/',
    handle(path, req, res, awaitsContinue) {
      const call = req.method === 'POST' ? CALL.exec(path)?.groups : undefined;
      if (!call) {
        answerQuestion(servables, path, req, res);
        return;
      }
      const method = call.method!.toLowerCase() as InferenceMethod;
      // AWS's container hands these bodies on as JSON, whatever their headers say.
      const head = { contentType: 'application/json', accept: undefined, method };
      const resolve = () => ({ servable: servables.find(call.name, versionOf(call.version)), head });
      void invocations.handle({ resolve, errorForm: ERRORS_OF_TF_SERVING }, req, res, awaitsContinue);
    },
  };
}

function answerQuestion(servables: Servables, path: string, req: IncomingMessage, res: ServerResponse): void {
  try {
    const question = req.method === 'GET' ? QUESTION.exec(path)?.groups : undefined;
    if (!question) {
      const asked = `${req.method} ${path.slice('/tfs'.length)}`;
      throw new TwinvecError('MalformedHttp', `Malformed request: ${quoteForMessage(asked).slice(1, -1)}`);
    }
    const version = versionOf(question.version);
    if (question.metadata !== undefined) sendJson(res, metadataOf(servables.find(question.name, version)));
    else if (version !== undefined) sendJson(res, statusOf([servables.find(question.name, version)]));
    else sendJson(res, statusOf(servables.versionsOf(question.name!)));
  } catch (thrown) {
    sendError(res, toTwinvecError(thrown), requestIdOf(req), !req.complete, ERRORS_OF_TF_SERVING);
  }
}

function versionOf(text: string | undefined): string | undefined {
  return text && BigInt(text).toString();
}

function metadataOf(servable: Servable): unknown {
  const metadata = servable.metadata();
  if (metadata !== undefined) return metadata;
  throw new TwinvecError('NotFound', `Model ${quoteForMessage(servable.name)} has no metadata to tell.`);
}

function statusOf(versions: readonly Servable[]): unknown {
  return {
    model_version_status: versions.map(({ version, state, error }) => ({
      version,
      state,
      status: { error_code: error ? 'UNKNOWN' : 'OK', error_message: error?.message ?? '' },
    })),
  };
}
