/** What every encoder is: from the tokens of a row to one vector. */
import type { EncoderSettings } from '#core/object2vec/settings.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Node } from '../../graph/node.ts';
import type { Dropout } from './dropout.ts';
import type { Side, TokenSource } from './token-source.ts';

export interface EncoderPlace {
  readonly settings: EncoderSettings;
  /** Length of the vector to make. */
  readonly encDim: number;
  readonly side: Side;
  readonly source: TokenSource;
  /** Every encoder applies it where AWS's does (spec object2vec 3.5). */
  readonly dropout: Dropout;
}

/** Answers [rows, encDim]. */
export type Encoder = (graph: GraphBuilder, place: EncoderPlace) => Node;
