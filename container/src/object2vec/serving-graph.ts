/**
 * The network as served: every signature of the artifact, padded for the world and flat for our own server.
 */
import type { InferenceMode } from '#core/object2vec/inference-request.ts';
import type { NetworkSettings } from '#core/object2vec/settings.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { Graph, GraphSignature } from '../graph/graph.ts';
import type { Node } from '../graph/node.ts';
import { noDropout } from './network/dropout.ts';
import { addTokenBiases, biasesFromWholeTables } from './network/token-bias.ts';
import { type FlatTokens, fromWholeTable, type Side } from './network/token-source.ts';
import { compareEncodings, encode, score } from './network.ts';

/** The signature names of design section 5, and of the flat form of each. */
export const PADDED_SIGNATURES: Readonly<Record<InferenceMode, string>> = {
  scores: 'serving_default',
  embed_in0: 'embed_in0',
  embed_in1: 'embed_in1',
};
export const FLAT_SIGNATURES: Readonly<Record<InferenceMode, string>> = {
  scores: 'flat_scores',
  embed_in0: 'flat_embed_in0',
  embed_in1: 'flat_embed_in1',
};

/** The signatures of one of the two networks that `INFERENCE_PREFERRED_MODE` names, padded and flat. */
export function signaturesOf(network: 'classification' | 'embedding'): string[] {
  const modes: readonly InferenceMode[] = network === 'classification' ? ['scores'] : ['embed_in0', 'embed_in1'];
  return modes.flatMap((mode) => [PADDED_SIGNATURES[mode], FLAT_SIGNATURES[mode]]);
}

type Inputs = Readonly<Record<string, Node>>;

/** How a kind of signature takes the tokens of one side. */
interface TokenForm {
  readonly tokens: FlatTokens;
  readonly inputs: Inputs;
}

/**
 * Padded: `in0`, `in1` int32 [batch, length], unused places negative. Flat: `in0_ids`, `in0_rows` int32 [tokens] and
 * `rows` int32 []. Both go through the same nodes after the first ones, so they give the same numbers.
 */
export function servingGraph(settings: NetworkSettings): Graph {
  const graph = new GraphBuilder();
  const signatures = new Map<string, GraphSignature>();
  for (const [names, form] of [
    [PADDED_SIGNATURES, paddedTokens],
    [FLAT_SIGNATURES, flatTokens],
  ] as const) {
    const sides = [form(graph, 0), form(graph, 1)] as const;
    const embeddings = sides.map(({ tokens }, i) => {
      const side = i as Side;
      return encode(graph, settings, side, fromWholeTable(graph, settings, side, tokens), noDropout);
    }) as [Node, Node];
    const biases = biasesFromWholeTables(graph, settings, [sides[0].tokens, sides[1].tokens]);
    const raw = compareEncodings(graph, settings, embeddings, noDropout);
    const scores = score(graph, settings, addTokenBiases(graph, settings, raw, biases));
    const [one, other] = sides;
    signatures.set(names.scores, { inputs: { ...one.inputs, ...other.inputs }, outputs: { scores }, updates: [] });
    signatures.set(names.embed_in0, { inputs: one.inputs, outputs: { embeddings: embeddings[0] }, updates: [] });
    signatures.set(names.embed_in1, { inputs: other.inputs, outputs: { embeddings: embeddings[1] }, updates: [] });
  }
  return { parameters: graph.parameters, signatures };
}

function paddedTokens(graph: GraphBuilder, side: Side): TokenForm {
  const name = `in${side}`;
  const padded = graph.input(name, 'int32', ['batch', `length${side}`]);
  const size = `present${side}`;
  const tokens: FlatTokens = {
    ids: graph.apply('present_ids', [padded], { size }),
    rows: graph.apply('present_rows', [padded], { size }),
    count: graph.apply('count_rows', [padded]),
    countName: 'batch',
  };
  return { tokens, inputs: { [name]: padded } };
}

/** The flat inputs of one side; `rows` is shared by both sides. */
export function flatTokens(graph: GraphBuilder, side: Side): TokenForm {
  const ids = graph.input(`in${side}_ids`, 'int32', [`tokens${side}`]);
  const owners = graph.input(`in${side}_rows`, 'int32', [`tokens${side}`]);
  const count = graph.input('rows', 'int32', []);
  return {
    tokens: { ids, rows: owners, count, countName: 'rows' },
    inputs: { [`in${side}_ids`]: ids, [`in${side}_rows`]: owners, rows: count },
  };
}
