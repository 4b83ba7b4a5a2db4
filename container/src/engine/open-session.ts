/**
 * Opens a model with the engine that was chosen: TensorFlow, JavaScript, or whichever is there.
 */
import { toTwinvecError } from '#core/errors.ts';
import type { EngineChoice, Session } from './session.ts';
import { newestVersion } from './version-folder.ts';

/**
 * @param modelDir a folder with one or more version folders (`1`, `2`, ...), each a SavedModel; the highest counts.
 * @param log told in one line when `auto` had to do without TensorFlow, and what came of `preferred`.
 * @param preferred signatures that are to be on the GPU, the others on the host; all on the GPU without it.
 * @throws TwinvecError EngineUnavailable when `tensorflow` was asked for and is not there; InvalidArtifact.
 */
export async function openSession(
  modelDir: string,
  choice: EngineChoice,
  log: (line: string) => void,
  preferred?: readonly string[],
): Promise<Session> {
  const versionDir = newestVersion(modelDir);
  if (choice !== 'js') {
    try {
      const { openNativeSession } = await import('./native/session.ts');
      return openNativeSession(versionDir, preferred && { signatures: preferred, log });
    } catch (thrown) {
      const error = toTwinvecError(thrown);
      if (choice === 'tensorflow' || error.code !== 'EngineUnavailable') throw thrown;
      log(`${error.message} Using the JavaScript engine, which is slower.`);
    }
  }
  if (preferred) log('The JavaScript engine uses no GPU: no signature is preferred.');
  const { openFallbackSession } = await import('./fallback/session.ts');
  return openFallbackSession(modelDir);
}
