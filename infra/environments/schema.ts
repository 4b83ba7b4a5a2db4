/**
 * What differs between deployments, and nothing else. A bad environment fails at synth with every problem listed, so
 * that nothing is half deployed because of a typo.
 */
import type * as z from 'zod';
import { TwinvecError } from '#core/errors.ts';
import { checkCombinations } from './combinations.ts';
import { EnvironmentFields } from './environment-fields.ts';

export const Environment = EnvironmentFields.superRefine(checkCombinations);

export type Environment = z.infer<typeof Environment>;

/** @throws TwinvecError InvalidConfiguration listing every problem with its path */
export function parseEnvironment(value: z.input<typeof Environment>): Environment {
  const parsed = Environment.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || '(all)'}: ${issue.message}`);
  throw new TwinvecError('InvalidConfiguration', `The environment is not usable.\n${problems.join('\n')}`);
}
