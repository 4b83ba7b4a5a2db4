/**
 * Where an encoder finds the vectors of its tokens: the whole table when serving, the touched rows when training.
 */
import type { EncoderSettings, NetworkSettings } from '#core/object2vec/settings.ts';
import type { GraphBuilder, Parameter } from '../../graph/builder.ts';
import { type Initializer, SMALL_UNIFORM, unitRows } from '../../graph/initializers.ts';
import type { Node } from '../../graph/node.ts';
import type { RowsTarget } from '../../graph/optimizers/optimizer.ts';

/** Tokens of all rows of a batch, one after the other, without padding. */
export interface FlatTokens {
  readonly ids: Node;
  /** The batch row of each id, ascending. */
  readonly rows: Node;
  /** The number of batch rows, a scalar, and the name that shapes use for it. */
  readonly count: Node;
  readonly countName: string;
}

export interface TokenSource {
  /** One vector per line. */
  readonly data: Node;
  /** The line of `data` for each token. */
  readonly positions: Node;
  readonly tokens: FlatTokens;
}

export type Side = 0 | 1;

/** The token table of a side; when tied, one table serves both (names as in AWS's training logs). */
export function embeddingTable(settings: NetworkSettings, side: Side): Parameter {
  const encoder: EncoderSettings = side === 0 || settings.tiedTokenEmbedding ? settings.enc0 : settings.enc1;
  return {
    name: settings.tiedTokenEmbedding ? 'embed_shared_weight' : `embed_${side}_weight`,
    shape: [encoder.vocabularySize, encoder.tokenEmbeddingDim],
    initializer: startingVectors(settings, encoder),
    role: 'weight',
  };
}

/**
 * Vectors that are averaged and compared start tiny: what training does not touch then says nothing. Vectors that weights
 * read (hcnn, bilstm) start at length 1: from tiny ones those encoders make next to nothing, and learn from it slowly.
 */
function startingVectors({ tiedTokenEmbedding, enc0, enc1 }: NetworkSettings, encoder: EncoderSettings): Initializer {
  const readers = tiedTokenEmbedding ? [enc0, enc1] : [encoder];
  const averagedOnly = readers.every(({ network }) => network === 'pooled_embedding');
  return averagedOnly ? SMALL_UNIFORM : unitRows(encoder.tokenEmbeddingDim);
}

/** Reads straight from the table: one pass over the tokens and nothing gathered in between. */
export function fromWholeTable(
  graph: GraphBuilder,
  settings: NetworkSettings,
  side: Side,
  tokens: FlatTokens,
): TokenSource {
  return { data: graph.parameter(embeddingTable(settings, side)), positions: tokens.ids, tokens };
}

/** A table's rows that one batch touches, each once: what gradients and updates are made for. */
export type TouchedRows = Omit<RowsTarget, 'gradient'>;

/** Whether each side's table of token vectors stays as it starts. */
export type FrozenSides = readonly [boolean, boolean];

/**
 * Gathers each row that the batch touches once. With tied tables both sides share one gathering. A frozen table has no
 * touched rows: it is read as in serving, so that no gradient is computed for it.
 */
export function fromTouchedRows(
  graph: GraphBuilder,
  settings: NetworkSettings,
  tokens0: FlatTokens,
  tokens1: FlatTokens,
  frozen: FrozenSides,
): { readonly sources: readonly [TokenSource, TokenSource]; readonly touched: readonly TouchedRows[] } {
  if (!settings.tiedTokenEmbedding) {
    const read = (side: Side, tokens: FlatTokens) => {
      if (frozen[side]) return { source: fromWholeTable(graph, settings, side, tokens), touched: [] };
      const { touched, positions } = touch(graph, embeddingTable(settings, side), tokens.ids, `unique${side}`);
      return { source: { data: touched.rows, positions, tokens }, touched: [touched] };
    };
    const [one, other] = [read(0, tokens0), read(1, tokens1)];
    return { sources: [one.source, other.source], touched: [...one.touched, ...other.touched] };
  }
  if (frozen[0]) {
    const whole = (side: Side, tokens: FlatTokens) => fromWholeTable(graph, settings, side, tokens);
    return { sources: [whole(0, tokens0), whole(1, tokens1)], touched: [] };
  }
  const joined = graph.apply('join_ids', [tokens0.ids, tokens1.ids], { size: 'tokens' });
  const { touched, positions } = touch(graph, embeddingTable(settings, 0), joined, 'unique');
  const first = graph.apply('first_ids', [positions, tokens0.ids]);
  const rest = graph.apply('rest_ids', [positions, tokens0.ids, tokens1.ids]);
  const sources = [
    { data: touched.rows, positions: first, tokens: tokens0 },
    { data: touched.rows, positions: rest, tokens: tokens1 },
  ] as const;
  return { sources, touched: [touched] };
}

/** The rows of one table for the given ids; `size` names how many distinct ones there are. */
export function touch(graph: GraphBuilder, parameter: Parameter, ids: Node, size: string) {
  const unique = graph.apply('unique_ids', [ids], { size });
  const positions = graph.apply('unique_positions', [ids]);
  const rows = graph.apply('gather_rows', [graph.parameter(parameter), unique], { sparse: true });
  return { touched: { parameter, ids: unique, rows }, positions };
}
