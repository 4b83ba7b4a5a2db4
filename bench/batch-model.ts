/** A model server that costs next to nothing, in a process of its own: it answers a body with itself. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

const server = http.createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    if (request.method === 'GET') {
      response.writeHead(404).end();
      return;
    }
    const body = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    response.writeHead(200, { 'content-type': 'application/jsonlines', 'content-length': body.length });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
