/**
 * Traces for X-Ray: one part for each step, below the segment that Lambda itself opens. They hold names, times and whether
 * it failed, and never what was sent, answered or said about it: a model's refusal may quote a record.
 */
import { Tracer } from '@aws-lambda-powertools/tracer';
import { once } from './once.ts';
import { serviceName } from './service-name.ts';

/** Off outside Lambda, by itself. The calls that it would otherwise watch are those of every HTTP client of the process. */
export const tracer = once(() => new Tracer({ serviceName: serviceName(), captureHTTPsRequests: false }));

/** @param name Of the part; from a fixed set */
export async function traced<T>(name: string, work: () => Promise<T>): Promise<T> {
  const parent = tracer().isTracingEnabled() ? tracer().getSegment() : undefined;
  if (!parent) return work();
  const part = parent.addNewSubsegment(`## ${name}`);
  tracer().setSegment(part);
  tracer().annotateColdStart();
  tracer().addServiceNameAnnotation();
  try {
    return await work();
  } catch (thrown) {
    part.addErrorFlag();
    throw thrown;
  } finally {
    part.close();
    tracer().setSegment(parent);
  }
}
