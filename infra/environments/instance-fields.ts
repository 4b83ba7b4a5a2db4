/** Instance types as fields: the form first, then whether the type exists for the purpose and can run the image. */
import * as z from 'zod';
import { instanceTypeProblem, type Purpose } from '../constructs/instance-type.ts';

export function instanceTypeFor(purpose: Purpose) {
  return z
    .string()
    .regex(/^ml\.[a-z0-9-]+\.[a-z0-9]+$/, { message: 'must look like ml.g5.xlarge', abort: true })
    .superRefine((instanceType, context) => {
      const message = instanceTypeProblem(instanceType, purpose);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    });
}

/** Seconds that something may take, within what the API allows. */
export const seconds = (least: number, most: number) => z.int().min(least).max(most);

export const timeZone = z.string().refine((zone) => Intl.supportedValuesOf('timeZone').concat('UTC').includes(zone), {
  message: 'is not a time zone',
});
