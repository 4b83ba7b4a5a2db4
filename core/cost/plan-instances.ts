/**
 * How many instances a batch transform needs to end in time, and what they cost: arithmetic on a rate that somebody
 * measured, so that the answer is as good as that rate.
 */
import { LIMITS } from '../limits.ts';

export interface Workload {
  readonly records: number;
  /** From the start of the job to its end. */
  readonly deadlineSeconds: number;
  /** Of the deadline, what passes before the first record is sent: the image, the model, the warm-up. It is paid for. */
  readonly startSeconds: number;
}

export interface InstanceRate {
  readonly instanceType: string;
  /** Of one instance. */
  readonly recordsPerSecond: number;
  readonly dollarsPerHour: number;
}

export interface InstancePlan {
  readonly instances: number;
  /** From start to end, of the job. */
  readonly elapsedHours: number;
  /** Of all instances together, of which records are transformed in `busyHours`. */
  readonly instanceHours: number;
  readonly busyHours: number;
  readonly dollars: number;
}

const SECONDS_PER_HOUR = 3600;

/**
 * The fewest instances of one type that end in time, as if they shared the records evenly.
 *
 * @returns undefined where that takes more instances than one job may have
 */
export function planInstances(workload: Workload, rate: InstanceRate): InstancePlan | undefined {
  const { records, deadlineSeconds, startSeconds } = workload;
  const busySeconds = records / rate.recordsPerSecond;
  const instances = Math.max(1, Math.ceil(busySeconds / (deadlineSeconds - startSeconds)));
  if (!(instances <= LIMITS.batchMaxInstances.value)) return undefined;
  const instanceSeconds = busySeconds + instances * startSeconds;
  return {
    instances,
    elapsedHours: (startSeconds + busySeconds / instances) / SECONDS_PER_HOUR,
    instanceHours: instanceSeconds / SECONDS_PER_HOUR,
    busyHours: busySeconds / SECONDS_PER_HOUR,
    dollars: (instanceSeconds / SECONDS_PER_HOUR) * rate.dollarsPerHour,
  };
}
