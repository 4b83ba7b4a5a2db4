/**
 * The models beside the default one, by the names that callers use: a fixed list, so that a path can never name an
 * object of the model bucket or a component that nobody meant to publish.
 */
import * as z from 'zod';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';

const Model = z
  .strictObject({
    /** Archive of a multi-model endpoint, below its ModelDataUrl. */
    targetModel: z
      .string()
      .max(1024)
      .regex(/^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]*\.tar\.gz$/, 'must look like folder/model.tar.gz')
      .optional(),
    inferenceComponent: z
      .string()
      .regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/)
      .optional(),
    kind: z.enum(['object2vec', 'tensorflow']).default('object2vec'),
  })
  .refine(({ targetModel, inferenceComponent }) => (targetModel === undefined) !== (inferenceComponent === undefined), {
    message: 'needs targetModel or inferenceComponent, and not both',
  });

export type NamedModel = z.infer<typeof Model>;

/** The text of an environment variable. */
export const NamedModels = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'is not JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'must be a plain name'), Model));

/** @throws TwinvecError NotFound */
export function modelNamed(models: Readonly<Record<string, NamedModel>> | undefined, name: string): NamedModel {
  const model = models !== undefined && Object.hasOwn(models, name) ? models[name] : undefined;
  if (model) return model;
  throw new TwinvecError('NotFound', `There is no model ${quoteForMessage(name)}.`);
}
