/**
 * The test channel scored with the finished artifact: the very files that will be served, opened as a server would.
 */
import type { Metrics } from '#core/object2vec/metrics.ts';
import type { OutputSettings } from '#core/object2vec/settings.ts';
import { openSession } from '../../engine/open-session.ts';
import type { EngineChoice, Session } from '../../engine/session.ts';
import type { ScoredChannel } from '../data/scored-channel.ts';
import { mergeObject2Vec, object2VecJob } from '../serving/serving-job.ts';
import { type Predict, scoreDataset } from './score-dataset.ts';
import type { StopRequest } from './stop-request.ts';

/** @returns undefined when a stop was requested before the last row. */
export async function scoreArtifact(
  modelDir: string,
  engine: EngineChoice,
  test: ScoredChannel,
  output: OutputSettings,
  stop: StopRequest,
): Promise<Metrics | undefined> {
  const session = await openSession(modelDir, engine, () => {});
  try {
    return await scoreDataset(predictWith(session), test, output, stop);
  } finally {
    session.close();
  }
}

function predictWith(session: Session): Predict {
  return (in0, in1) => {
    const rows = in0.offsets.length - 1;
    const job = object2VecJob({ mode: 'scores', in0, in1, failures: [], answerType: 'application/json', rows });
    const { signature, inputs } = mergeObject2Vec([{ job, from: 0, to: rows }]);
    const { scores } = session.run(signature, inputs);
    if (scores?.dtype !== 'float32') throw new Error(`signature ${signature} has no float32 output "scores"`);
    return scores.data;
  };
}
