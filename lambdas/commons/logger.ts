/**
 * Structured logs: an event name and fields. Request bodies, token ids and answers are never fields.
 */
import { Logger } from '@aws-lambda-powertools/logger';
import { once } from './once.ts';
import { serviceName } from './service-name.ts';

/** Made at the first line, when the environment that sets its level is complete. */
export const logger = once(() => new Logger({ serviceName: serviceName() }));
