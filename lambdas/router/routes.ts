/** The routes of the API in one table, which finds them for requests and describes them for /openapi.json. */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';

export type RouteName = 'invoke' | 'invokeModel' | 'getInvocation' | 'health' | 'openapi';

export interface RouteRule {
  readonly method: 'GET' | 'POST';
  /** `{x}` stands for one part of the path. */
  readonly path: string;
  readonly summary: string;
}

export const ROUTES: Readonly<Record<RouteName, RouteRule>> = {
  invoke: { method: 'POST', path: '/invocations', summary: 'Ask the model' },
  invokeModel: { method: 'POST', path: '/models/{model}/invocations', summary: 'Ask one of several models' },
  getInvocation: { method: 'GET', path: '/invocations/{id}', summary: 'Where an asynchronous request stands' },
  health: { method: 'GET', path: '/health', summary: 'Whether a request sent now would reach a model' },
  openapi: { method: 'GET', path: '/openapi.json', summary: 'This description' },
};

export interface FoundRoute {
  readonly name: RouteName;
  /** Value of the path's placeholder, empty when it has none. */
  readonly parameter: string;
}

const ENTRIES = Object.entries(ROUTES) as [RouteName, RouteRule][];

/** @throws TwinvecError NotFound, MethodNotAllowed */
export function findRoute({ method, path }: { readonly method: string; readonly path: string }): FoundRoute {
  const candidates = ENTRIES.flatMap(([name, rule]) => {
    const parameter = match(rule.path, path);
    return parameter === undefined ? [] : [{ name, rule, parameter }];
  });
  if (candidates.length === 0)
    throw new TwinvecError('NotFound', `${quoteForMessage(path)} is not a path of this API.`);
  const found = candidates.find(({ rule }) => rule.method === method);
  if (found) return { name: found.name, parameter: found.parameter };
  throw new TwinvecError('MethodNotAllowed', `${candidates[0]!.rule.path} takes ${allowedMethods(path)} only.`);
}

/** The methods that a path takes, for the Allow header. */
export function allowedMethods(path: string): string {
  const rules = ENTRIES.map(([, rule]) => rule).filter((rule) => match(rule.path, path) !== undefined);
  return rules.map(({ method }) => method).join(', ');
}

/** The parameter's value, '' when the path has none, undefined when it is another path. */
function match(pattern: string, path: string): string | undefined {
  const wanted = pattern.split('/');
  const parts = path.split('/');
  if (wanted.length !== parts.length) return undefined;
  let parameter = '';
  for (const [index, part] of parts.entries()) {
    if (wanted[index]!.startsWith('{') && part !== '') parameter = part;
    else if (wanted[index] !== part) return undefined;
  }
  return parameter;
}
