import { afterEach, describe, expect, it } from 'vitest';
import { parseServingConfig } from '../../../../container/src/config/serving-config.ts';
import { Readiness } from '../../../../container/src/http/readiness.ts';
import { createHttpServer, type HttpServer } from '../../../../container/src/http/server.ts';

let http: HttpServer;

afterEach(() => {
  http.connections.close();
  http.server.close();
});

describe('the HTTP server', () => {
  it('S28 S29 has every timeout and cap set, and parses strictly', () => {
    // Act
    const config = parseServingConfig({});
    http = createHttpServer({ ...config, readiness: new Readiness(() => true), invoke: async () => {}, subtrees: [] });
    const { server } = http;

    // Assess
    expect(server.headersTimeout).toBeLessThanOrEqual(10_000);
    expect(server.requestTimeout).toBeGreaterThan(0);
    expect(server.requestTimeout).toBeLessThanOrEqual(62_000);
    // M7: longer than a load balancer's 60 s, so that the balancer closes first.
    expect(server.keepAliveTimeout).toBeGreaterThan(60_000);
    expect(server.maxConnections).toBe(4096);
    expect(server.maxHeadersCount).toBe(128);
  });
});

describe('readiness', () => {
  it('follows the engine while serving, and never comes back from draining', () => {
    // Prepare
    let alive = true;
    const readiness = new Readiness(() => alive);
    const seen = [readiness.isHealthy];

    // Act
    readiness.startServing();
    seen.push(readiness.isHealthy);
    alive = false;
    seen.push(readiness.isHealthy);
    alive = true;
    readiness.startDraining();
    readiness.startServing();
    seen.push(readiness.isHealthy);

    // Assess
    expect(seen).toEqual([false, true, false, false]);
    expect(() => readiness.checkServing()).toThrow('stopping');
  });
});
