/**
 * Opens an Object2Vec model in an engine worker, with the candidates that it may carry and its networks where they are
 * meant to be.
 */
import { openSession as openModelSession } from '../../engine/open-session.ts';
import type { EngineChoice, Session } from '../../engine/session.ts';
import type { NeighbourIndex } from './neighbour-index.ts';
import { withNeighbours } from './neighbour-session.ts';

/** What the served model gives to every engine worker. */
export interface ServingData {
  /** What `readNeighbourIndex` of the same model read. */
  readonly index: NeighbourIndex | undefined;
  /** Signatures that are to be on the GPU, the others on the host; undefined: all. */
  readonly preferred: readonly string[] | undefined;
}

export async function openSession(
  modelDir: string,
  engine: EngineChoice,
  log: (line: string) => void,
  { index, preferred }: ServingData,
): Promise<Session> {
  const session = await openModelSession(modelDir, engine, log, preferred);
  return index ? withNeighbours(session, index) : session;
}
