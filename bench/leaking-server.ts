/** The server, with a leak on purpose: it keeps 1 KiB of each request. A measurement of memory that misses it is none. */
import { Server } from 'node:http';

const kept: Buffer[] = [];
const { emit } = Server.prototype;
Server.prototype.emit = function leak(this: Server, event: string, ...rest: unknown[]): boolean {
  if (event === 'request') kept.push(Buffer.alloc(1024, 1));
  return emit.apply(this, [event, ...rest] as Parameters<typeof emit>);
};

await import('../container/src/main.ts');
