/**
 * The subset of JSONPath that batch transform's filters take (AWS docs batch-transform-data-processing): child names,
 * indexes, slices, wildcards, and several of a kind between brackets. No descent, no expressions.
 */
export interface JsonPath {
  /** As it was written. */
  readonly text: string;
  /** Outermost first; none is the whole document. */
  readonly steps: readonly Step[];
}

export type Step =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'positions'; readonly positions: readonly Position[] }
  | { readonly kind: 'wildcard' };

export type Position =
  /** Counts from the end when it is negative. */
  | { readonly kind: 'index'; readonly index: number }
  /** `end` is the first position that is left out; undefined is the end of the array. */
  | { readonly kind: 'slice'; readonly start: number | undefined; readonly end: number | undefined };

/** Whether `$[1:4]` holds position 4. AWS's table of operators says no, the text beside it says yes. */
export type SliceEnd = 'exclusive' | 'inclusive';

export const WHOLE_DOCUMENT: JsonPath = { text: '$', steps: [] };

export function isWholeDocument(path: JsonPath): boolean {
  return path.steps.length === 0;
}

/** The positions that a step of `positions` names in an array of this length, in the order of the step. */
export function resolvePositions(positions: readonly Position[], length: number): number[] {
  return positions.flatMap((position) => {
    if (position.kind === 'index') return [position.index < 0 ? length + position.index : position.index];
    const start = clamp(position.start ?? 0, length);
    const end = clamp(position.end ?? length, length);
    return Array.from({ length: Math.max(0, end - start) }, (_, offset) => start + offset);
  });
}

/** Slices reach as far as the array does; only indexes can miss. */
function clamp(position: number, length: number): number {
  return Math.max(0, Math.min(length, position < 0 ? length + position : position));
}
