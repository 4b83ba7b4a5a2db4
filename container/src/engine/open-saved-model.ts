/**
 * Opens one version of a user's own TensorFlow model, which only TensorFlow can run; with the image recipes that lie beside
 * its versions.
 */
import { dirname } from 'node:path';
import { TwinvecError, toTwinvecError } from '#core/errors.ts';
import { withImageRecipes } from '../images/image-session.ts';
import { readImageRecipes } from '../images/recipe.ts';
import type { EngineChoice, Session } from './session.ts';

/**
 * @param versionDir the folder that holds `saved_model.pb`.
 * @throws TwinvecError EngineUnavailable where TensorFlow is not there, or another engine was asked for; InvalidArtifact.
 */
export async function openSession(versionDir: string, choice: EngineChoice): Promise<Session> {
  if (choice === 'js') {
    const remedy = 'set TWINVEC_ENGINE=tensorflow, or leave it out';
    throw new TwinvecError('EngineUnavailable', `The JavaScript engine runs Object2Vec models only; ${remedy}.`);
  }
  try {
    const { openNativeSession } = await import('./native/session.ts');
    const session = openNativeSession(versionDir);
    const recipes = await readImageRecipes(dirname(versionDir));
    return recipes.size === 0 ? session : await withImageRecipes(session, recipes, openNativeSession);
  } catch (thrown) {
    const error = toTwinvecError(thrown);
    if (error.code !== 'EngineUnavailable') throw thrown;
    const why = 'A SavedModel that is not of Object2Vec runs in TensorFlow only.';
    throw new TwinvecError('EngineUnavailable', `${error.message} ${why}`, { cause: error });
  }
}
