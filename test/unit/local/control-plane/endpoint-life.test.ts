/** The states of an endpoint, over servers whose health the test decides. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TwinvecError } from '#core/errors.ts';
import type { DeploymentConfig } from '#core/sagemaker/endpoint-requests.ts';
import type { DeploymentClock } from '../../../../local/control-plane/deployment-clock.ts';
import { createEndpointLife, type EndpointLife } from '../../../../local/control-plane/endpoint-life.ts';
import { type Deployment, EndpointRecord } from '../../../../local/control-plane/endpoint-record.ts';
import { newResource } from '../../../../local/control-plane/new-resource.ts';
import type { HostRequest, ModelHost } from '../../../../local/hosting/model-host.ts';
import { openResourceStore, type ResourceStore } from '../../../../local/state/resource-store.ts';

const KEY = { region: 'eu-west-1', name: 'pairs' };

/** A server of which the test says how its start ends. */
class Server {
  readonly model: string;
  readonly started: Promise<unknown>;
  isStopped = false;
  becomeHealthy: () => void = () => undefined;
  fail: (error?: Error) => void = () => undefined;

  constructor({ model, signal }: Pick<HostRequest, 'model' | 'signal'>) {
    this.model = model.ModelName;
    this.started = new Promise((resolve, reject) => {
      this.becomeHealthy = () => resolve(this.instance);
      this.fail = (error = new TwinvecError('NotReady', 'it ended')) => reject(error);
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
  }

  /** Why it does not answer now. */
  problem: string | undefined;

  readonly instance = {
    describeEnd: () => this.problem,
    stop: async () => {
      this.isStopped = true;
    },
  };
}

let folder: string;
let lines: string[];
let servers: Server[];
let store: ResourceStore<EndpointRecord>;
let life: EndpointLife;
let clock: TestClock;

/** Time that passes when the test says so. */
class TestClock implements DeploymentClock {
  readonly lookEveryMs = 250;
  #nowMs = 0;
  #waiting: { readonly at: number; readonly resolve: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ at: this.#nowMs + ms, resolve });
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }

  async pass(seconds: number): Promise<void> {
    const until = this.#nowMs + 1000 * seconds;
    await settle();
    for (;;) {
      const [next] = this.#waiting.sort((a, b) => a.at - b.at);
      if (!next || next.at > until) break;
      this.#waiting.shift();
      this.#nowMs = next.at;
      next.resolve();
      await settle();
    }
    this.#nowMs = until;
  }
}

beforeEach(() => {
  clock = new TestClock();
  folder = mkdtempSync(path.join(tmpdir(), 'twinvec-life-'));
  lines = [];
  servers = [];
  store = openResourceStore({ folder, schema: EndpointRecord, log: (line) => lines.push(line) });
  const start = (request: Pick<HostRequest, 'model' | 'signal'>): Promise<unknown> => {
    const server = new Server(request);
    servers.push(server);
    return server.started;
  };
  life = createEndpointLife({
    store,
    // Only starting and stopping matter here, however the servers look.
    host: { start, startInstance: start } as unknown as ModelHost,
    logFileOf: () => path.join(folder, 'log'),
    clock,
    log: (line) => lines.push(line),
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** @param counts instances of each variant; a variant's model has its name */
function deploymentOf(config: string, counts: Readonly<Record<string, number>>): Deployment {
  const variants = Object.entries(counts).map(([name, instanceCount]) => {
    const model = { ModelName: name, PrimaryContainer: { ModelDataUrl: 's3://models/model.tar.gz' } };
    return { name, model, weight: 1, instanceCount, startupTimeoutMs: 1000, downloadTimeoutMs: 1000 };
  });
  return { config: { EndpointConfigName: config, ProductionVariants: [] }, variants };
}

function add(change: Partial<EndpointRecord>): EndpointRecord {
  const made = newResource('endpoint', KEY.region, KEY.name, undefined);
  return store.add({ ...made, status: 'Creating', deployment: deploymentOf('old', { a: 1 }), ...change });
}

function change(to: Partial<EndpointRecord>): void {
  life.proceed(store.update(KEY, to)!);
}

const status = (): string | undefined => store.find(KEY)?.status;
const serving = (): string[] => life.fleetOf(KEY).flatMap(({ name, instances }) => instances.map(() => name));

/** Lets what is under way go on as far as it can by itself. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await turn();
}

async function serve(deployment: Deployment): Promise<void> {
  life.proceed(add({ deployment }));
  for (const server of servers) server.becomeHealthy();
  await settle();
}

describe('an endpoint that is created', () => {
  it('is InService when all instances of all variants are healthy, and not before', async () => {
    // Prepare
    life.proceed(add({ deployment: deploymentOf('old', { a: 2, b: 1 }) }));
    const [first, ...others] = servers;

    // Act
    first!.becomeHealthy();
    await settle();
    const before = { status: status(), serving: serving() };
    for (const server of others) server.becomeHealthy();
    await settle();

    // Assess
    expect(before).toEqual({ status: 'Creating', serving: [] });
    expect(status()).toBe('InService');
    expect(lines).toEqual(['endpoint pairs is InService']);
    expect(serving()).toEqual(['a', 'a', 'b']);
  });

  it('is Failed when one server does not start, and the others are stopped', async () => {
    // Prepare
    life.proceed(add({ deployment: deploymentOf('old', { a: 1, b: 1 }) }));
    const [first, second] = servers;

    // Act
    first!.becomeHealthy();
    second!.fail();
    await settle();

    // Assess
    expect(store.find(KEY)).toMatchObject({
      status: 'Failed',
      failureReason:
        'The primary container for production variant b did not pass the ping health check. Cause: it ended',
    });
    expect(lines).toEqual([`endpoint pairs is Failed: ${store.find(KEY)?.failureReason}`]);
    expect(first!.isStopped).toBe(true);
    expect(serving()).toEqual([]);
  });
});

describe('an endpoint that is updated', () => {
  it('to new servers is served by the old ones until the new ones are healthy', async () => {
    // Prepare
    await serve(deploymentOf('old', { a: 1 }));
    const [old] = servers;

    // Act
    const deployment = deploymentOf('new', { b: 1 });
    change({ status: 'Updating', update: { deployment, keepServers: false, startedAt: new Date() } });
    await settle();
    const during = { status: status(), serving: serving(), isStopped: old!.isStopped };
    servers[1]!.becomeHealthy();
    await settle();

    // Assess
    expect(during).toEqual({ status: 'Updating', serving: ['a'], isStopped: false });
    expect(store.find(KEY)).toMatchObject({ status: 'InService', deployment, update: undefined });
    expect({ serving: serving(), isStopped: old!.isStopped }).toEqual({ serving: ['b'], isStopped: true });
  });

  it.each([
    [2, 3, 1, 0],
    [3, 1, 0, 2],
    [2, 2, 0, 0],
    [1, 0, 0, 1],
  ])('from %i to %i instances starts %i and stops %i', async (before, after, starts, stops) => {
    // Prepare
    await serve(deploymentOf('old', { a: before }));

    // Act
    const deployment = deploymentOf('old', { a: after });
    change({ status: 'Updating', update: { deployment, keepServers: true, startedAt: new Date() } });
    for (const server of servers) server.becomeHealthy();
    await settle();

    // Assess
    expect(status()).toBe('InService');
    expect(serving()).toHaveLength(after);
    expect(servers.length - before).toBe(starts);
    expect(servers.filter(({ isStopped }) => isStopped)).toHaveLength(stops);
  });

  it('to what cannot be served keeps the old servers and says why', async () => {
    // Prepare
    await serve(deploymentOf('old', { a: 1 }));
    const deployment = deploymentOf('new', { b: 1 });

    // Act
    change({ status: 'Updating', update: { deployment, keepServers: false, startedAt: new Date() } });
    servers[1]!.fail(new TwinvecError('NotFound', 'no such model'));
    await settle();

    // Assess
    expect(store.find(KEY)).toMatchObject({ status: 'InService', failureReason: 'no such model', update: undefined });
    expect(store.find(KEY)?.deployment.config.EndpointConfigName).toBe('old');
    expect({ serving: serving(), isStopped: servers[0]!.isStopped }).toEqual({ serving: ['a'], isStopped: false });
  });
});

describe('an update that shifts the requests in steps', () => {
  const canary = (change: object = {}): DeploymentConfig => ({
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration: {
        Type: 'CANARY',
        CanarySize: { Type: 'CAPACITY_PERCENT', Value: 10 },
        WaitIntervalInSeconds: 300,
      },
      TerminationWaitInSeconds: 60,
      ...change,
    },
  });
  const rolling: DeploymentConfig = {
    RollingUpdatePolicy: { MaximumBatchSize: { Type: 'CAPACITY_PERCENT', Value: 50 }, WaitIntervalInSeconds: 60 },
  };
  /** Of every variant that answers: its name, instances and part of the requests. */
  const shares = () => {
    const fleet = life.fleetOf(KEY);
    const total = fleet.reduce((sum, { weight }) => sum + weight, 0);
    return fleet.map(({ name, weight, instances }) => [name, instances.length, Math.round((100 * weight) / total)]);
  };
  const stopped = () => servers.map(({ isStopped }) => isStopped);

  async function begin(deploymentConfig: DeploymentConfig, before: number, after: number): Promise<void> {
    await serve(deploymentOf('old', { a: before }));
    const update = { deployment: deploymentOf('new', { b: after }), keepServers: false, startedAt: new Date() };
    change({ status: 'Updating', update, deploymentConfig });
    for (const server of servers) server.becomeHealthy();
    await settle();
  }

  it('CANARY gives the new servers their part, then all, and stops the old ones only after the last wait', async () => {
    await begin(canary(), 1, 1);
    const steps = [shares()];
    await clock.pass(299);
    steps.push(shares());
    await clock.pass(1);
    steps.push(shares());
    await clock.pass(59);
    const before = { status: status(), stopped: stopped() };
    await clock.pass(1);

    const first = [
      ['a', 1, 90],
      ['b', 1, 10],
    ];
    expect(steps).toEqual([
      first,
      first,
      [
        ['a', 1, 0],
        ['b', 1, 100],
      ],
    ]);
    expect(before).toEqual({ status: 'Updating', stopped: [false, false] });
    expect({ status: status(), serving: serving(), stopped: stopped() }).toEqual({
      status: 'InService',
      serving: ['b'],
      stopped: [true, false],
    });
  });

  it('rolling starts a part of the new servers, and stops as much of the old ones, batch by batch', async () => {
    await begin(rolling, 4, 2);
    const first = shares();
    await clock.pass(60);
    const afterBatch = { starts: servers.length, stopped: stopped() };
    servers.at(-1)!.becomeHealthy();
    await settle();
    const second = shares();
    await clock.pass(60);

    expect(first).toEqual([
      ['a', 4, 50],
      ['b', 1, 50],
    ]);
    expect(afterBatch).toEqual({ starts: 6, stopped: [false, false, true, true, false, false] });
    expect(second).toEqual([
      ['a', 2, 0],
      ['b', 2, 100],
    ]);
    expect({ status: status(), serving: serving() }).toEqual({ status: 'InService', serving: ['b', 'b'] });
    expect(stopped()).toEqual([true, true, true, true, false, false]);
  });

  it('is taken back when a new server ends while it is watched, and says why', async () => {
    // Prepare
    await begin(canary(), 1, 1);
    await clock.pass(100);

    // Act
    servers[1]!.problem = 'the server process ended (SIGKILL)';
    await clock.pass(1);

    // Assess
    expect(store.find(KEY)).toMatchObject({
      status: 'InService',
      update: undefined,
      failureReason: expect.stringMatching(/variant b did not pass .* Cause: the server process ended \(SIGKILL\)$/),
    });
    expect({ serving: serving(), stopped: stopped() }).toEqual({ serving: ['a'], stopped: [false, true] });
  });

  it('is taken back by starting again what a batch had stopped', async () => {
    // Prepare
    await begin(rolling, 2, 2);
    await clock.pass(60);

    // Act: the server of the second batch fails
    servers.at(-1)!.fail();
    await settle();
    const during = { status: status(), serving: serving() };
    servers.at(-1)!.becomeHealthy();
    await settle();

    // Assess
    expect(during).toEqual({ status: 'RollingBack', serving: ['a'] });
    expect(servers.map(({ model }) => model)).toEqual(['a', 'a', 'b', 'b', 'a']);
    expect({ status: status(), serving: serving() }).toEqual({ status: 'InService', serving: ['a', 'a'] });
    expect(stopped()).toEqual([false, true, true, false, false]);
  });

  it('is taken back when it takes longer than its limit', async () => {
    await begin(canary({ MaximumExecutionTimeoutInSeconds: 600, TerminationWaitInSeconds: 600 }), 1, 1);
    await clock.pass(601);

    expect(store.find(KEY)).toMatchObject({
      status: 'InService',
      failureReason: 'The deployment took longer than its MaximumExecutionTimeoutInSeconds (600 s) and was taken back.',
    });
    expect(serving()).toEqual(['a']);
  });

  it('ends with the service, both fleets stopped and the record left as it is', async () => {
    await begin(canary(), 1, 1);

    await life.close();

    expect(stopped()).toEqual([true, true]);
    expect(status()).toBe('Updating');
  });
});

describe('an update that is made again after a restart', () => {
  const update = { deployment: deploymentOf('new', { b: 1 }), keepServers: false, startedAt: new Date() };

  it('starts only the new servers when they can be served', async () => {
    life.proceed(add({ status: 'Updating', update }));
    servers[0]!.becomeHealthy();
    await settle();

    expect(servers.map(({ model }) => model)).toEqual(['b']);
    expect({ status: status(), serving: serving() }).toEqual({ status: 'InService', serving: ['b'] });
  });

  it.each([
    ['InService', (server: Server) => server.becomeHealthy()],
    ['UpdateRollbackFailed', (server: Server) => server.fail()],
  ])('is RollingBack when they cannot, and then %s', async (expected, endOfOld) => {
    // Prepare
    life.proceed(add({ status: 'Updating', update }));

    // Act
    servers[0]!.fail();
    await settle();
    const during = status();
    endOfOld(servers[1]!);
    await settle();

    // Assess
    expect(during).toBe('RollingBack');
    expect(servers.map(({ model }) => model)).toEqual(['b', 'a']);
    expect(status()).toBe(expected);
    expect(store.find(KEY)?.failureReason).toMatch(/^The primary container for production variant [ab] did not pass/);
  });
});

describe('the end', () => {
  it('of an endpoint stops its servers, and then there is none of that name', async () => {
    await serve(deploymentOf('old', { a: 2 }));

    change({ status: 'Deleting' });
    await settle();

    expect(servers.every(({ isStopped }) => isStopped)).toBe(true);
    expect(store.find(KEY)).toBeUndefined();
  });

  it('of an endpoint whose record cannot be removed is told, and not the end of the service', async () => {
    // Prepare
    await serve(deploymentOf('old', { a: 1 }));
    change({ status: 'Deleting' });
    const file = path.join(folder, KEY.region, `${KEY.name}.json`);
    rmSync(file);
    mkdirSync(file);

    // Act
    await settle();

    // Assess
    expect(status()).toBe('Deleting');
    expect(lines.at(-1)).toMatch(/^endpoint pairs could not be deleted: /);
  });

  it('of the service stops what runs and what starts, and leaves the record for the next start', async () => {
    // Prepare
    await serve(deploymentOf('old', { a: 1 }));
    const update = { deployment: deploymentOf('new', { b: 1 }), keepServers: false, startedAt: new Date() };
    change({ status: 'Updating', update });

    // Act
    await life.close();

    // Assess
    expect(servers[0]!.isStopped).toBe(true);
    expect(store.find(KEY)).toMatchObject({ status: 'Updating', update });
    expect(serving()).toEqual([]);
  });
});
