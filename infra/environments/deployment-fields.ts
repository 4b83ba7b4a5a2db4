/**
 * How a new model takes over from the old one. Every strategy but `allAtOnce` moves traffic in steps and goes back by
 * itself when an alarm rings; ranges are those of the API's DeploymentConfig.
 */
import * as z from 'zod';
import { seconds } from './instance-fields.ts';

const waitSeconds = seconds(0, 3600);
/** Seconds that the old fleet is kept after the last of the traffic has moved, for going back without a start. */
const bakeSeconds = seconds(0, 3600).default(300);

export const Deployment = z.discriminatedUnion('strategy', [
  z.strictObject({ strategy: z.literal('allAtOnce'), bakeSeconds }),
  z.strictObject({
    strategy: z.literal('canary'),
    /** Share of the new fleet that is tried first. */
    percent: z.int().min(1).max(50),
    waitSeconds,
    bakeSeconds,
  }),
  z.strictObject({ strategy: z.literal('linear'), percent: z.int().min(10).max(50), waitSeconds, bakeSeconds }),
  /** Instances, or copies of a component, are replaced in place; needs the least spare capacity. */
  z.strictObject({ strategy: z.literal('rolling'), percent: z.int().min(5).max(50), waitSeconds }),
]);

export type Deployment = z.infer<typeof Deployment>;

/** MaximumExecutionTimeoutInSeconds. */
export const LONGEST_DEPLOYMENT_SECONDS = 28_800;

/** How often traffic is moved. */
export function stepsOf(deployment: Deployment): number {
  if (deployment.strategy === 'allAtOnce') return 1;
  if (deployment.strategy === 'canary') return 2;
  return Math.ceil(100 / deployment.percent);
}

/** What the steps and waits come to, without the time in which instances start. */
export function plannedSeconds(deployment: Deployment): number {
  const waits = deployment.strategy === 'allAtOnce' ? 0 : (stepsOf(deployment) - 1) * deployment.waitSeconds;
  return waits + (deployment.strategy === 'rolling' ? 0 : deployment.bakeSeconds);
}
