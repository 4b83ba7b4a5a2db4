/** The plan of a batch transform on each instance type that was measured, the cheapest first. */
import { DOLLARS_PER_HOUR } from '#core/cost/instance-prices.ts';
import { type InstancePlan, type InstanceRate, planInstances } from '#core/cost/plan-instances.ts';
import { TwinvecError } from '#core/errors.ts';
import { LIMITS, mebibytes } from '#core/limits.ts';
import { formatDuration } from '#core/terminal/format.ts';

export interface PlanSettings {
  readonly records: number;
  readonly recordBytes: number;
  /** Seconds. */
  readonly deadline: number;
  /** Seconds. */
  readonly start: number;
  /** Records a second by instance type. */
  readonly rate: Readonly<Record<string, number>>;
  /** Dollars an hour by instance type, before the table. */
  readonly price: Readonly<Record<string, number>>;
}

export interface TypePlan extends InstanceRate {
  /** Undefined where one job may not have enough instances. */
  readonly plan: InstancePlan | undefined;
}

export interface TransformPlan {
  readonly settings: PlanSettings;
  readonly inputBytes: number;
  /** That fit in a request of the default size; at least one. */
  readonly recordsOfRequest: number;
  readonly types: readonly TypePlan[];
}

/** @throws TwinvecError InvalidConfiguration naming the flag */
export function planTransform(settings: PlanSettings): TransformPlan {
  const { records, recordBytes, deadline, start, rate, price } = settings;
  if (start >= deadline) {
    const message = `--deadline is ${formatDuration(deadline)}, which --start (${formatDuration(start)}) uses up. Give more.`;
    throw new TwinvecError('InvalidConfiguration', message);
  }
  const workload = { records, deadlineSeconds: deadline, startSeconds: start };
  const types = Object.entries(rate).map(([instanceType, recordsPerSecond]): TypePlan => {
    const measured = { instanceType, recordsPerSecond, dollarsPerHour: dollarsOf(instanceType, price) };
    return { ...measured, plan: planInstances(workload, measured) };
  });
  const dollars = ({ plan }: TypePlan) => plan?.dollars ?? Number.POSITIVE_INFINITY;
  return {
    settings,
    inputBytes: records * recordBytes,
    recordsOfRequest: Math.max(1, Math.floor(mebibytes(LIMITS.batchDefaultPayloadMb.value) / recordBytes)),
    types: types.sort((one, other) => (dollars(one) < dollars(other) ? -1 : 1)),
  };
}

function dollarsOf(instanceType: string, given: PlanSettings['price']): number {
  const dollars = given[instanceType] ?? DOLLARS_PER_HOUR[instanceType];
  if (dollars !== undefined) return dollars;
  const message = `There is no price of ${instanceType} in the table. Add --price ${instanceType}=DOLLARS, an hour's.`;
  throw new TwinvecError('InvalidConfiguration', message);
}
