/** A plan for people: one row for each instance type, then what the figures rest on. And the same for scripts. */
import { PRICES_OF, PRICES_REGION, PRICES_SOURCE } from '#core/cost/instance-prices.ts';
import { LIMITS } from '#core/limits.ts';
import { formatBytes, formatCount, formatDuration } from '#core/terminal/format.ts';
import { formatTable } from '#core/terminal/table.ts';
import type { TransformPlan, TypePlan } from './plan-transform.ts';

const SECONDS_PER_HOUR = 3600;
const HEADING = ['instance type', 'records/s', 'instances', 'ends after', 'instance hours', '$/h', '$'];

export function planTable(plan: TransformPlan): string {
  const table = formatTable([HEADING, ...plan.types.map(row)]);
  return `${table}\n${facts(plan).join('\n')}\n`;
}

function row({ instanceType, recordsPerSecond, dollarsPerHour, plan }: TypePlan): string[] {
  const known = [instanceType, formatCount(recordsPerSecond)];
  const price = dollarsPerHour.toFixed(4);
  if (!plan) return [...known, `over ${LIMITS.batchMaxInstances.value}`, '-', '-', price, '-'];
  const { instances, elapsedHours, instanceHours, dollars } = plan;
  const time = formatDuration(elapsedHours * SECONDS_PER_HOUR);
  return [...known, formatCount(instances), time, hours(instanceHours), price, cents(dollars)];
}

/** Rounded up: a plan is no cheaper than it says. */
function cents(dollars: number): string {
  return (Math.ceil(dollars * 100 - 1e-9) / 100).toLocaleString('en-US', { minimumFractionDigits: 2 });
}

function hours(count: number): string {
  return (Math.ceil(count * 100 - 1e-9) / 100).toFixed(2);
}

function facts({ settings, inputBytes, recordsOfRequest, types }: TransformPlan): string[] {
  const { records, deadline, start } = settings;
  const most = Math.max(...types.map(({ plan }) => plan?.instances ?? 1));
  const size = `${formatCount(records)} records, ${formatBytes(inputBytes)}; a request of ${LIMITS.batchDefaultPayloadMb.value} MiB holds ${formatCount(recordsOfRequest)}.`;
  return [
    size,
    `Each instance starts for ${formatDuration(start)} of the ${formatDuration(deadline)}, which is paid for.`,
    ...(most > 1 ? [`An instance takes whole files: have ${most} or more of about the same size.`] : []),
    ...types.filter(({ plan }) => !plan).map(tooSlow),
    `Prices of ${PRICES_REGION}, ${PRICES_OF}, unless --price says otherwise: ${PRICES_SOURCE}`,
    'S3, logs and data transfer are not in it.',
  ];
}

function tooSlow({ instanceType }: TypePlan): string {
  return `${instanceType} would need more instances than a job may have: give a later --deadline, or split the records over jobs.`;
}

export function planJson({ settings, inputBytes, recordsOfRequest, types }: TransformPlan): string {
  const prices = { of: PRICES_OF, region: PRICES_REGION, source: PRICES_SOURCE };
  const { records, recordBytes, deadline: deadlineSeconds, start: startSeconds } = settings;
  const plans = types.map(({ plan, ...rate }) => ({ ...rate, plan: plan ?? null }));
  const head = { records, recordBytes, deadlineSeconds, startSeconds, inputBytes, recordsOfRequest };
  return `${JSON.stringify({ ...head, types: plans, prices })}\n`;
}
