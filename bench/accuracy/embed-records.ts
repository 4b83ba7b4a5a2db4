/** Embeddings of many records by `twinvec transform`, as a user would make them. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTwinvec } from '../../demo/run-twinvec.ts';

/**
 * A line of embeddings for each record.
 * @param name of the files that it makes in `folder`
 */
export async function embedRecords(
  records: readonly object[],
  name: string,
  model: string,
  folder: string,
): Promise<string> {
  const [input, output] = [join(folder, 'records'), join(folder, 'embeddings')];
  await mkdir(input, { recursive: true });
  const file = join(input, `${name}.jsonl`);
  await writeFile(file, `${records.map((record) => JSON.stringify(record)).join('\n')}\n`);
  await runTwinvec(['transform', '--model', model, '--input', file, '--output', output]);
  return readFile(join(output, `${name}.jsonl.out`), 'utf8');
}
