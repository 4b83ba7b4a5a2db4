/**
 * One encoder, as the server runs it (signature `flat_embed_in0` of a served model), against onnxruntime on the same
 * network with the same weights, and against nothing but its matrix products; in alternating rounds of one process.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseHyperparameters } from '#core/object2vec/parse-hyperparameters.ts';
import { rowOfEachId, type TokenRows } from '#core/object2vec/token-rows.ts';
import { setTensorFlowThreads, TENSORFLOWS_CHOICE } from '../container/src/engine/native/environment.ts';
import { openNativeSession } from '../container/src/engine/native/session.ts';
import type { NamedTensors, Session } from '../container/src/engine/session.ts';
import type { Graph } from '../container/src/graph/graph.ts';
import { lowerGraph } from '../container/src/graph/tensorflow/lower-graph.ts';
import { engineThreads } from '../container/src/object2vec/engine-threads.ts';
import { servingGraph } from '../container/src/object2vec/serving-graph.ts';
import { initialPieces, initialValue } from '../container/src/object2vec/training/initial-weights.ts';
import { writeSavedModel } from '../container/src/savedmodel/saved-model.ts';
import { onnxEncode, onnxTokens } from '../test/onnx/encoders.ts';
import { OnnxModelBuilder } from '../test/onnx/model-builder.ts';
import { type OnnxSession, onnxRuntime, openOnnxSession } from '../test/onnx/runtime.ts';
import type { BenchRow } from './bench-row.ts';
import { median } from './median.ts';

export const [ROWS, TOKENS] = [64, 50] as const;
const VOCABULARY = 20_000;
const ROUNDS = 21;
/** Both runtimes keep threads spinning for a moment after a call; on few cores they would take time from the other. */
const SETTLE_MS = 10;
/** With 1, processor time is measured instead of the clock's: other programs have little influence on it. */
const THREADS = Number(process.env.TF_NUM_INTRAOP_THREADS ?? availableParallelism());

export interface EncoderContest {
  readonly name: string;
  /** `enc_dim` and all of `enc0` but vocabulary and length. */
  readonly hyperparameters: Readonly<Record<string, string>>;
  /** A graph with signatures that compute the encoder's matrix products and answer little else. */
  readonly products: Graph;
  readonly runProducts: (session: Session) => void;
}

type Contender = () => unknown;

export async function contestEncoder(contest: EncoderContest): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'twinvec-bench-'));
  const { settings } = parseHyperparameters({
    enc0_vocab_size: String(VOCABULARY),
    enc0_max_seq_len: String(TOKENS),
    ...contest.hyperparameters,
  });
  setTensorFlowThreads(TENSORFLOWS_CHOICE, engineThreads([settings.network.enc0.network]));
  const served = await open(join(folder, 'served'), servingGraph(settings.network));
  const products = await open(join(folder, 'products'), contest.products);
  const reference = await openReference(settings.network);
  const [full, uneven] = [flatInputs(() => TOKENS), flatInputs((row) => 1 + ((row * 31) % TOKENS))];
  const times = await alternate({
    products: () => contest.runProducts(products),
    full: () => served.run('flat_embed_in0', full),
    uneven: () => served.run('flat_embed_in0', uneven),
    ...(reference && { onnx: () => reference.run({ in0: { ...full.in0_ids!, shape: [ROWS, TOKENS] } as const }) }),
  });
  served.close();
  products.close();
  await reference?.close();
  await rm(folder, { recursive: true, force: true });
  return rowsOf(contest.name, times);
}

function rowsOf(name: string, { products, full, uneven, onnx }: Readonly<Record<string, number>>): BenchRow[] {
  const shape = `${ROWS} rows x ${TOKENS} tokens, ${THREADS === 1 ? 'processor time of 1 thread' : `${THREADS} threads`}`;
  const [ours, bar] = [full ?? Number.NaN, '<= 1.25 x'];
  return [
    { name: `matrix products of ${name}, one after the other, ${shape}`, value: products ?? Number.NaN, unit: 'ms' },
    { name, value: ours, unit: 'ms', against: 'its matrix products', ratio: ours / products! },
    onnx === undefined
      ? { name: `${name} in onnxruntime`, value: Number.NaN, unit: onnxRuntime.reason }
      : { name: `${name} in onnxruntime`, value: onnx, unit: 'ms' },
    ...(onnx ? [{ name, value: ours, unit: 'ms', against: 'onnxruntime', ratio: ours / onnx, bar }] : []),
    {
      name: `${name}, rows of 1 to ${TOKENS} tokens`,
      value: uneven!,
      unit: 'ms',
      against: name,
      ratio: uneven! / ours,
    },
  ];
}

async function open(folder: string, graph: Graph): Promise<Session> {
  const variables = graph.parameters.map((parameter) => {
    return { name: parameter.name, shape: parameter.shape, data: initialPieces(parameter, 1) };
  });
  await writeSavedModel(folder, { ...lowerGraph(graph), variables });
  return openNativeSession(folder);
}

type Network = ReturnType<typeof parseHyperparameters>['settings']['network'];

/** Undefined where onnxruntime is not. All rows of the contest are full, so that its network needs no mask. */
async function openReference(network: Network): Promise<OnnxSession | undefined> {
  if (!onnxRuntime.available) return undefined;
  const weights = new Map(
    servingGraph(network).parameters.map((one) => [one.name, { shape: one.shape, data: initialValue(one, 1) }]),
  );
  const model = new OnnxModelBuilder();
  const tokens = onnxTokens(model, network, weights, 0);
  const encoder = { settings: network.enc0, prefix: 'source', tokens, padding: undefined };
  model.output('embeddings', onnxEncode(model, weights, encoder), ['rows', network.encDim]);
  return openOnnxSession(model.encode(), THREADS);
}

function flatInputs(lengthOf: (row: number) => number): NamedTensors {
  const offsets = Int32Array.of(0, ...Array.from({ length: ROWS }, (_, row) => lengthOf(row)));
  for (let row = 0; row < ROWS; row++) offsets[row + 1]! += offsets[row]!;
  const ids = Int32Array.from({ length: offsets[ROWS]! }, (_, i) => (i * 7919) % VOCABULARY);
  const rows: TokenRows = { ids, offsets };
  return {
    in0_ids: { dtype: 'int32', shape: [ids.length], data: ids },
    in0_rows: { dtype: 'int32', shape: [ids.length], data: rowOfEachId(rows) },
    rows: { dtype: 'int32', shape: [], data: Int32Array.of(ROWS) },
  };
}

function nowMs(): number {
  if (THREADS > 1) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Medians in milliseconds; the first rounds only warm up. */
async function alternate(contenders: Readonly<Record<string, Contender>>): Promise<Record<string, number>> {
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, [] as number[]]));
  for (let round = -2; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      await sleep(SETTLE_MS);
      const startedMs = nowMs();
      await run();
      if (round >= 0) times[name]!.push(nowMs() - startedMs);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]));
}
