/** Rules between fields: each value is possible by itself, together they are not. Every one says what would be. */
import type * as z from 'zod';
import { hasGpu, hasLocalStorage } from '../constructs/instance-type.ts';
import { LONGEST_DEPLOYMENT_SECONDS, plannedSeconds } from './deployment-fields.ts';
import type { Endpoint } from './endpoint-fields.ts';
import type { EnvironmentFields } from './environment-fields.ts';

type Path = readonly PropertyKey[];
type Report = (path: Path, message: string) => void;

export function checkCombinations(environment: EnvironmentFields, context: z.RefinementCtx): void {
  const report: Report = (path, message) => context.addIssue({ code: 'custom', path: [...path], message });
  checkVariant(environment, report);
  checkHosting(['endpoint'], environment.endpoint, report);
  if (environment.overflow) checkOverflow(environment, report);
  checkApi(environment, report);
  checkJobs(environment, report);
  checkBudget(environment, report);
}

/** A GPU image on a machine without a GPU does not load its libraries; a CPU image leaves the GPU unused. */
function checkVariant({ image, endpoint, overflow, jobs, training }: EnvironmentFields, report: Report): void {
  const types: [Path, string | undefined][] = [
    [['endpoint', 'instanceType'], endpoint.instanceType],
    [['overflow', 'instanceType'], overflow?.instanceType],
    [['training', 'instanceType'], training?.instanceType],
    ...jobs.map(({ instanceType }, index): [Path, string] => [['jobs', index, 'instanceType'], instanceType]),
  ];
  for (const [path, type] of types) {
    if (type === undefined || hasGpu(type) === (image.variant === 'gpu')) continue;
    const fitting = image.variant === 'gpu' ? 'a GPU type such as ml.g5.xlarge' : 'a type such as ml.m6i.xlarge';
    report(path, `${type} does not fit the ${image.variant} image; take ${fitting}, or the other image`);
  }
}

function checkHosting(path: Path, endpoint: Endpoint, report: Report): void {
  checkDisk(path, endpoint, report);
  checkDeployment(path, endpoint, report);
  checkCapacity(path, endpoint, report);
  if (endpoint.amiVersion !== undefined && !hasGpu(endpoint.instanceType)) {
    report([...path, 'amiVersion'], `is for GPUs, and ${endpoint.instanceType} has none; leave it out`);
  }
}

function checkDisk(path: Path, { instanceType, volumeKey, volumeGib }: Endpoint, report: Report): void {
  if (!hasLocalStorage(instanceType)) return;
  if (volumeKey === 'required') {
    const why = 'has NVMe disks, which are encrypted in hardware, and SageMaker refuses a KMS key for them';
    report([...path, 'volumeKey'], `${instanceType} ${why}; take "whereTaken"`);
  }
  if (volumeGib !== undefined) {
    report([...path, 'volumeGib'], `${instanceType} brings its own NVMe disks, whose size is fixed; leave it out`);
  }
}

function checkDeployment(path: Path, endpoint: Endpoint, report: Report): void {
  const { mode, deployment } = endpoint;
  const at = [...path, 'deployment'];
  const { strategy } = deployment;
  if (mode === 'components') {
    if (strategy !== 'rolling') report([...at, 'strategy'], `components are replaced copy by copy; take "rolling"`);
  } else if (strategy !== 'allAtOnce' && endpoint.instanceCount < 2) {
    report([...at, 'strategy'], `${strategy} moves a part of the instances, and there is one; take 2, or "allAtOnce"`);
  }
  const planned = plannedSeconds(deployment);
  if (planned > LONGEST_DEPLOYMENT_SECONDS) {
    report(at, `its waits come to ${planned} s; SageMaker ends a deployment after ${LONGEST_DEPLOYMENT_SECONDS} s`);
  }
}

function checkCapacity(path: Path, endpoint: Endpoint, report: Report): void {
  const ranges: [Path, { readonly min: number; readonly max: number }][] = [];
  if (endpoint.mode === 'components') {
    ranges.push([['instances'], endpoint.instances], [['copies'], endpoint.copies]);
  } else if (endpoint.scaling) {
    ranges.push([['scaling'], endpoint.scaling]);
    const { min, max } = endpoint.scaling;
    const { instanceCount } = endpoint;
    if (instanceCount < min || instanceCount > max) {
      report([...path, 'instanceCount'], `must be within scaling's ${min} to ${max}`);
    }
  }
  for (const [index, schedule] of (endpoint.scaling?.schedules ?? []).entries()) {
    const at = ['scaling', 'schedules', index];
    ranges.push([at, schedule]);
    if (endpoint.mode === 'realtime' && schedule.min < 1) {
      report([...path, ...at, 'min'], 'a real-time endpoint keeps one; modes async and components scale to 0');
    }
  }
  for (const [at, { min, max }] of ranges) {
    if (min > max) report([...path, ...at], `min is ${min} and max is ${max}`);
  }
}

function checkOverflow({ endpoint, overflow }: EnvironmentFields, report: Report): void {
  if (endpoint.mode === 'async') report(['overflow'], 'the endpoint itself is asynchronous; leave it out');
  if (overflow) checkHosting(['overflow'], overflow, report);
}

function checkApi({ api: { kind, jwt, waf } }: EnvironmentFields, report: Report): void {
  if (kind === 'rest' && jwt) {
    const choice = 'take kind "http", or leave jwt out, and requests are signed (IAM)';
    report(['api', 'jwt'], `a REST API has no authorizer for tokens of any issuer; ${choice}`);
  }
  if (kind === 'http' && waf) {
    report(['api', 'waf'], 'AWS WAF takes no HTTP API; take kind "rest", or leave waf out');
  }
}

function checkJobs({ jobs }: EnvironmentFields, report: Report): void {
  const names = jobs.map(({ name }) => name);
  if (new Set(names).size < names.length) report(['jobs'], 'every job needs a name of its own');
}

function checkBudget({ budget, alarmEmails }: EnvironmentFields, report: Report): void {
  if (budget !== undefined && alarmEmails.length === 0) {
    report(['alarmEmails'], 'a budget tells somebody; needs at least one address');
  }
}
