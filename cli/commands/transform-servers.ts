/** The model servers of `twinvec transform`: one for each instance, all of the same unpacked model. */
import path from 'node:path';
import { batchEnvironment } from '#core/batch/batch-environment.ts';
import type { TransformChoices } from '#core/batch/settings.ts';
import { startContainer } from '../../local/hosting/container-process.ts';
import { layOutModel } from '../../local/hosting/model-folder.ts';
import { type OwnedModelServer, startModelServer } from '../../local/transform/model-server.ts';

export interface ServersOptions {
  /** Model folder or archive. */
  readonly model: string;
  /** The job's Environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly engine?: 'auto' | 'tensorflow' | 'js' | undefined;
  readonly choices: TransformChoices;
  readonly count: number;
  /** For the model in use and the logs. */
  readonly folder: string;
  readonly onRestart: (end: string) => void;
  readonly signal: AbortSignal;
}

/** @throws what the first server that does not start throws, when the others are stopped */
export async function startServers(options: ServersOptions): Promise<readonly OwnedModelServer[]> {
  const { model, env, engine, choices, count, folder, onRestart, signal } = options;
  const baseDir = path.join(folder, 'ml');
  await layOutModel(model, baseDir);
  const environment = {
    ...env,
    ...batchEnvironment(choices),
    ...(engine === undefined ? {} : { TWINVEC_ENGINE: engine }),
  };
  const settled = await Promise.allSettled(
    Array.from({ length: count }, (_, index) => {
      const logFile = path.join(folder, `server-${index + 1}.log`);
      return startModelServer(() => startContainer({ baseDir, environment, logFile, signal }), { onRestart });
    }),
  );
  const servers = settled.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const failed = settled.find((start) => start.status === 'rejected');
  if (!failed) return servers;
  await Promise.all(servers.map((server) => server.stop()));
  throw failed.reason;
}
