/**
 * A Lambda as a step of a state machine: what it throws carries the code as its name, because Step Functions matches
 * Retry and Catch by error name.
 */
import { toTwinvecError } from '#core/errors.ts';
import { nameOf } from '#core/sagemaker/aws-failure.ts';
import { logger } from './logger.ts';
import { publishMetrics } from './metrics.ts';
import { traced } from './tracer.ts';

/** @param summary Fields for the log, of which numbers become metrics: names and counts, never records */
export async function runStep<T>(
  step: string,
  work: () => Promise<T>,
  summary: (result: T) => Record<string, unknown>,
): Promise<T> {
  const started = performance.now();
  const milliseconds = () => Math.round(performance.now() - started);
  try {
    const result = await traced(step, work);
    const fields = { milliseconds: milliseconds(), ...summary(result) };
    logger().info('step done', { step, ...fields });
    publishMetrics({ step }, { done: 1, ...fields });
    return result;
  } catch (thrown) {
    const error = toTwinvecError(thrown);
    logger().error('step failed', { step, code: error.code, cause: nameOf(error.cause) });
    publishMetrics({ step }, { failed: 1, milliseconds: milliseconds() });
    error.name = error.code;
    throw error;
  }
}
