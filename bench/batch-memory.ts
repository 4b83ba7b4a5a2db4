/**
 * One object of a given size through the batch engine, in a process of its own, which says at the end how large it ever was:
 * `node bench/batch-memory.ts BYTES URL FOLDER`. The object is made as it is read.
 */
import { readFileSync } from 'node:fs';
import { folderSink } from '../local/transform/folder-storage.ts';
import { runTransform } from '../local/transform/run-transform.ts';

const [bytesText = '', url = '', folder = ''] = process.argv.slice(2);
const bytes = Number(bytesText);
const CHUNK = Buffer.from(`{"in0":[${'12345,'.repeat(80)}1],"in1":[1]}\n`.repeat(500));

const report = await runTransform({
  source: {
    async *list() {
      yield { label: 'made', outputName: 'made.out', bytes, version: undefined, open: made };
    },
  },
  sink: folderSink(folder),
  servers: [{ url }],
  choices: { splitType: 'Line', assembleWith: 'Line', maxPayloadMb: 1, maxConcurrentTransforms: 4 },
});
if (report.failures.length > 0) throw new Error(report.failures[0]!.cause);
const peakKibibytes = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
process.stdout.write(
  `${JSON.stringify({ peakBytes: peakKibibytes * 1024, bytesIn: report.bytesIn, records: report.recordsOut })}\n`,
);

async function* made(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; at += CHUNK.length) yield Buffer.from(CHUNK);
}
