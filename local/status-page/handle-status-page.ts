/** Answers a browser. Everything on the page is read when it is asked for; nothing can be changed through it. */
import type { RequestListener } from 'node:http';
import { type PageFacts, renderPage } from './render-page.ts';

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  'x-content-type-options': 'nosniff',
};

export function createStatusPage(facts: () => PageFacts): RequestListener {
  return (request, response) => {
    const page = Buffer.from(renderPage(facts()));
    response.writeHead(200, { ...HEADERS, 'content-length': page.length });
    response.end(request.method === 'HEAD' ? undefined : page);
  };
}
