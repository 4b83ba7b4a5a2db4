/** The AWS CLI as a person runs it: version 1 from pip, and version 2 where the machine has one. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { clientEnvironment } from './client-environment.ts';
import type { FoundPackages } from './python-client.ts';

export interface AwsCli {
  readonly name: string;
  /** Empty, or why there is none. */
  readonly note: string;
  readonly program: readonly string[];
  readonly packages: string;
  /** It is too old to read AWS_ENDPOINT_URL. */
  readonly isTold: boolean;
}

export interface CliAnswer {
  readonly exitCode: number | null;
  readonly out: string;
  readonly errors: string;
}

/** AWS_ENDPOINT_URL is read from this minor version of version 2 on. */
const READS_VARIABLE = 13;

export function findClis({ folder, note }: FoundPackages): readonly AwsCli[] {
  const first: AwsCli = {
    name: 'AWS CLI 1',
    note,
    program: ['python3', '-m', 'awscli'],
    packages: folder ?? '',
    isTold: false,
  };
  return [first, secondCli()];
}

/** The first on PATH that says it is version 2; a shim of version 1 may stand before it. */
function secondCli(): AwsCli {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const program = join(folder, 'aws');
    if (!existsSync(program)) continue;
    const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
    const version = /^aws-cli\/2\.(\d+)/.exec(stdout)?.[1];
    if (version === undefined) continue;
    return { name: 'AWS CLI 2', note: '', program: [program], packages: '', isTold: Number(version) < READS_VARIABLE };
  }
  return {
    name: 'AWS CLI 2',
    note: ' (skipped: no `aws` of version 2 on PATH)',
    program: [],
    packages: '',
    isTold: false,
  };
}

/** Program and first arguments. */
export function cliCommand({ program, isTold }: AwsCli, serviceUrl: string): readonly string[] {
  return isTold ? [...program, '--endpoint-url', serviceUrl] : program;
}

export async function runCli(cli: AwsCli, serviceUrl: string, args: readonly string[]): Promise<CliAnswer> {
  const [program = '', ...before] = cliCommand(cli, serviceUrl);
  const child = spawn(program, [...before, ...args], { env: clientEnvironment(serviceUrl, cli.packages) });
  child.stdin.end();
  const [out, errors, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode, out, errors };
}
