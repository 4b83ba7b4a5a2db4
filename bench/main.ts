/**
 * `npm run bench [-- group ...]`: runs the benchmarks with fixed data, prints tables and writes them to bench/results.
 * Machines are shared and noisy: read the ratios, which come from one run, not the absolute figures.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BenchRow } from './bench-row.ts';
import { describeMachine, markdownTable } from './results-page.ts';

/** Group -> its module, loaded only when the group runs, so that one group does not weigh on another. */
const GROUPS: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = {
  codec: async () => (await import('./codec.ts')).benchCodec(),
  framing: async () => (await import('./framing.ts')).benchFraming(),
  engine: async () => (await import('./engine.ts')).benchEngine(),
  encoders: async () => (await import('./encoders.ts')).benchEncoders(),
  hcnn: async () => (await import('./hcnn.ts')).benchHcnn(),
  serving: async () => (await import('./serving.ts')).benchServing(),
  'saved-models': async () => (await import('./serving-saved-models.ts')).benchSavedModels(),
  training: async () => (await import('./training.ts')).benchTraining(),
  'data-size': async () => (await import('./data-size.ts')).benchDataSize(),
  'bucket-width': async () => (await import('./bucket-width.ts')).benchBucketWidth(),
  'row-sparse': async () => (await import('./row-sparse.ts')).benchRowSparse(),
  'large-vocabulary': async () => (await import('./large-vocabulary.ts')).benchLargeVocabulary(),
  'object-store': async () => (await import('./object-store.ts')).benchObjectStore(),
  batch: async () => (await import('./batch.ts')).benchBatch(),
  'local-start': async () => (await import('./local-start.ts')).benchLocalStart(),
  'start-up': async () => (await import('./start-up.ts')).benchStartUp(),
};

const RESULTS = fileURLToPath(new URL('./results/', import.meta.url));

async function main(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.filter((name) => !(name in GROUPS));
  if (unknown.length > 0) {
    process.stderr.write(`No group ${unknown.join(', ')}. Groups: ${Object.keys(GROUPS).join(', ')}\n`);
    process.exitCode = 2;
    return;
  }
  const [only, ...more] = wanted.length > 0 ? wanted : Object.keys(GROUPS);
  if (more.length === 0) return runGroup(only!);
  for (const name of [only!, ...more]) runInProcess(name);
}

/** A group has TensorFlow's threads as they suit it, which are fixed while its library is loaded. */
function runInProcess(name: string): void {
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), name], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

async function runGroup(name: string): Promise<void> {
  process.stderr.write(`\n${name}\n`);
  const rows = await GROUPS[name]!();
  const page = `# ${name}\n\n${describeMachine()} Medians; ratios are within one run.\n\n${toMarkdown(rows)}`;
  process.stdout.write(`${page}\n`);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}${name}.md`, page);
}

function toMarkdown(rows: readonly BenchRow[]): string {
  return markdownTable([
    ['measure', 'value', 'ratio', 'against', 'bar'],
    ...rows.map(({ name, value, unit, against, ratio, bar }) => [
      name,
      `${formatValue(value)} ${unit}`,
      ratio === undefined ? '' : `${ratio.toFixed(2)} x`,
      against ?? '',
      bar ?? '',
    ]),
  ]);
}

function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'not measured:';
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}

await main(process.argv.slice(2));
