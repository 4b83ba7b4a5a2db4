/** A Python process with boto3 (and, if wanted, the SageMaker Python SDK) that talks to the local service. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pythonPackages } from '../python-packages.ts';
import { clientEnvironment } from './client-environment.ts';

const SCRIPT = fileURLToPath(new URL('python_client.py', import.meta.url));

/** Newest of the day on which the tests were written. */
export const AWS_CLI = { name: 'awscli-1.46.3', requirements: ['awscli==1.46.3', 'boto3==1.44.5'] } as const;
export const SAGEMAKER_SDK = {
  name: 'sagemaker-2.257.6',
  requirements: ['sagemaker==2.257.6', 'boto3==1.44.5'],
} as const;

export interface FoundPackages {
  /** For PYTHONPATH; undefined when they cannot be had here. */
  readonly folder?: string;
  /** For titles: ` (skipped: <reason>)`, or empty. */
  readonly note: string;
}

/** Never throws. */
export async function findPackages({
  name,
  requirements,
}: typeof AWS_CLI | typeof SAGEMAKER_SDK): Promise<FoundPackages> {
  try {
    return { folder: await pythonPackages(name, requirements), note: '' };
  } catch (failure) {
    return { note: ` (skipped: ${failure instanceof Error ? failure.message : failure})` };
  }
}

export interface PythonClient {
  /**
   * Runs a function body and gives what it returns, through JSON.
   *
   * @param values What the body knows as `values`.
   */
  run(code: string, values?: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export async function startPythonClient(packages: string, serviceUrl: string): Promise<PythonClient> {
  const python = spawn('python3', [SCRIPT], { env: clientEnvironment(serviceUrl, packages) });
  const ask = lineDialogue(python);
  await ask.next();
  return {
    async run(code, values = null) {
      python.stdin.write(`${JSON.stringify([code, values])}\n`);
      const answer = JSON.parse(await ask.next()) as { readonly value?: unknown; readonly failure?: string };
      if (answer.failure !== undefined) throw new Error(`Python failed:\n${answer.failure}`);
      return answer.value;
    },
    async close() {
      const closed = once(python, 'close');
      python.stdin.end();
      await closed;
    },
  };
}

function lineDialogue(python: ChildProcessWithoutNullStreams): { next(): Promise<string> } {
  let complaints = '';
  python.stderr.on('data', (chunk) => {
    complaints = `${complaints}${chunk}`.slice(-20_000);
  });
  const ended = new Promise<never>((_, reject) => {
    python.once('error', reject);
    python.once('close', () => reject(new Error(`Python ended: ${complaints}`)));
  });
  ended.catch(() => undefined);
  const lines = createInterface(python.stdout)[Symbol.asyncIterator]();
  return { next: async () => String((await Promise.race([lines.next(), ended])).value) };
}
