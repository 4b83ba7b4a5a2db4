/**
 * Opens an Object2Vec model in an engine worker, with the candidates that it may carry.
 */
import { openSession as openModelSession } from '../engine/open-session.ts';
import type { EngineChoice, Session } from '../engine/session.ts';
import type { NeighbourIndex } from './neighbour-index.ts';
import { withNeighbours } from './neighbour-session.ts';

/** @param index what `readNeighbourIndex` of the same model read */
export async function openSession(
  modelDir: string,
  engine: EngineChoice,
  log: (line: string) => void,
  index: NeighbourIndex | undefined,
): Promise<Session> {
  const session = await openModelSession(modelDir, engine, log);
  return index ? withNeighbours(session, index) : session;
}
