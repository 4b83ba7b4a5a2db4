/**
 * The pages about AWS (deploy, operations, cost, security) name only commands, options, files, alarms and tests that there
 * are, and the prices of the table.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as sagemaker from '@aws-sdk/client-sagemaker';
import * as runtime from '@aws-sdk/client-sagemaker-runtime';
import { describe, expect, it } from 'vitest';
import { DOLLARS_PER_HOUR, PRICES_OF, PRICES_REGION } from '#core/cost/instance-prices.ts';
import { transformStates } from '../../../infra/constructs/transform-states.ts';
import { runTwinvec } from '../../run-twinvec.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const PAGES = ['deploy.md', 'operations.md', 'cost.md'];
const SDKS: Readonly<Record<string, object>> = { sagemaker, 'sagemaker-runtime': runtime };

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const page = (name: string) => read(join('docs', name));

/** Commands of the page, in blocks and in the text, each on one line. */
function commands(name: string, program: string): string[] {
  const text = page(name).replaceAll('\\\n', ' ');
  return [...text.matchAll(new RegExp(`(?:^|[\`(])(${program} [^\`#\\n)|]*)`, 'gm'))].map((match) => match[1]!.trim());
}

const everyCommand = (program: string) => PAGES.flatMap((name) => commands(name, program));

describe.each(PAGES)('docs/%s', (name) => {
  it('names files that there are', () => {
    const paths = [...page(name).matchAll(/`((?:core|container|infra|lambdas|cli|bench|docs)\/[\w./-]+)`/g)];
    const linked = [...page(name).matchAll(/\]\(([\w-]+\.md)(?:#[\w-]+)?\)/g)].map((match) => `docs/${match[1]}`);
    const missing = [...paths.map((match) => match[1]!), ...linked].filter((path) => !existsSync(join(ROOT, path)));
    expect(missing).toEqual([]);
  });

  it('says what was never run on AWS', () => {
    expect(page(name)).toMatch(/\*\*[^*]*(?:never|no rate)[^*]*\*\*/i);
  });
});

describe('the commands of the pages', () => {
  it('are verbs of twinvec with options that each has', async () => {
    // Prepare
    const found = everyCommand('npx twinvec').map((command) => command.split(' ').slice(2));
    const verbs = [...new Set(found.map(([verb]) => verb!))];
    const ended = await Promise.all(verbs.map((verb) => runTwinvec([verb, '--help'])));
    const help = new Map(verbs.map((verb, index) => [verb, ended[index]!.out]));

    // Act
    const strange = found.flatMap(([verb, ...words]) =>
      words
        .filter((word) => word.startsWith('--') && !help.get(verb!)!.includes(`${word} `))
        .map((word) => `${verb} ${word}`),
    );

    // Assess
    expect(verbs).toEqual(expect.arrayContaining(['train', 'serve', 'plan', 'evaluate', 'transform']));
    expect(ended.map(({ exitCode }) => exitCode)).toEqual(verbs.map(() => 0));
    expect(strange).toEqual([]);
  });

  it('are scripts of package.json', () => {
    const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
    const named = everyCommand('npm run').map((command) => command.split(' ')[2]!);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
  });

  it("are calls that SageMaker has, by the names of AWS's command line", () => {
    const calls = everyCommand('aws').map((command) => command.split(' ').slice(1, 3) as [string, string]);
    const known = calls.filter(([service]) => SDKS[service]);
    const unknown = known.filter(([service, call]) => {
      const name = call.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
      return !(`${name}Command` in SDKS[service]!);
    });
    expect(known.length).toBeGreaterThan(3);
    expect(unknown).toEqual([]);
  });

  it('build what the Dockerfile is told', () => {
    const [build] = commands('deploy.md', 'docker build');
    expect(build).toContain('-f container/Dockerfile');
    expect(read('container/Dockerfile')).toContain('ARG VARIANT=');
  });
});

describe('the alarms of the page of operations', () => {
  it('are those that the stack can have', () => {
    // Prepare: every alarm is made by `watch(scope, 'Name', ...)` or by its class
    const constructs = readdirSync(join(ROOT, 'infra/constructs')).map((name) => read(join('infra/constructs', name)));
    const defined = constructs.flatMap((text) =>
      [...text.matchAll(/(?:\bwatch|new Alarm)\(\s*\w+,\s*'(\w+)'/g)].map((match) => match[1]!),
    );

    // Act
    const documented = [...page('operations.md').matchAll(/^\| `(\w+)`(?: \*)? \|/gm)]
      .map((match) => match[1]!)
      .filter((name) => !page('operations.md').split('Where a batch run stopped')[1]!.includes(`| \`${name}\` |`));

    // Assess
    expect(documented.sort()).toEqual([...new Set(defined)].sort());
  });

  it('come with the states in which a batch run fails', () => {
    const { States } = transformStates({ partConcurrency: 1 }) as { States: Record<string, { Type: string }> };
    const failures = Object.keys(States).filter((name) => States[name]!.Type === 'Fail');
    const table = page('operations.md').split('Where a batch run stopped')[1]!;
    const documented = [...table.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]!);
    expect(documented.sort()).toEqual(failures.sort());
  });
});

describe('the page of security', () => {
  it('names tests that there are', () => {
    const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' });
    const named = [...page('security.md').matchAll(/`([\w/.-]+\.test\.ts)`/g)].map((match) => match[1]!);
    expect(named.length).toBeGreaterThan(10);
    const missing = named.filter((name) => !tests.some((path) => `/test/${path}`.endsWith(`/${name}`)));
    expect(missing).toEqual([]);
  });
});

describe('the page of costs', () => {
  it('has the prices of the table, of the same day and region', () => {
    const rows = [...page('cost.md').matchAll(/^\| `(ml\.[\w.]+)` \| ([\d.]+) \| ([\d,]+) \|$/gm)];
    expect(Object.fromEntries(rows.map(([, type, dollars]) => [type, Number(dollars)]))).toEqual(DOLLARS_PER_HOUR);
    for (const [, , dollars, month] of rows)
      expect(Number(month!.replaceAll(',', ''))).toBe(Math.round(Number(dollars) * 730));
    expect(page('cost.md')).toContain(`${PRICES_REGION}, on demand, gathered on ${PRICES_OF}`);
  });

  it('shows what its example prints', async () => {
    // Prepare
    const [example] = commands('cost.md', 'npx twinvec plan').filter((command) => command.includes('--rate'));

    // Act
    const { out } = await runTwinvec(example!.split(' ').slice(2));

    // Assess
    const [table] = out.split('\n\n');
    expect(page('cost.md')).toContain(`\`\`\`\n${table!.trimEnd()}\n\`\`\``);
  });
});
