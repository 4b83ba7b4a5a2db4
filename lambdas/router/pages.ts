/**
 * Which web pages may read an answer. An HTTP API says it by itself; a REST API leaves it to the function for all but
 * preflights.
 */
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ClientRequest } from './request.ts';

/** Beside what browsers let every page read. */
export const EXPOSED_HEADERS = 'location,retry-after,x-request-id';

/** @param origins Of the pages that may; absent = the API says it, or no page may. */
export function allowPage(
  answer: APIGatewayProxyStructuredResultV2,
  { headers }: Pick<ClientRequest, 'headers'>,
  origins: readonly string[] | undefined,
): APIGatewayProxyStructuredResultV2 {
  const origin = headers.get('origin');
  if (!origins || origin === undefined) return answer;
  const allowed = origins.includes(origin)
    ? { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED_HEADERS }
    : {};
  // Kept by a cache, it must not be shown to another page.
  return { ...answer, headers: { ...answer.headers, ...allowed, vary: 'origin' } };
}
