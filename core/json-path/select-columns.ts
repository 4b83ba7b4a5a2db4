/** A path over the columns of a CSV row, which it sees as an array. Columns pass as they are, quotes and all. */
import { TwinvecError } from '#core/errors.ts';
import { type JsonPath, resolvePositions } from './json-path.ts';
import { mismatch } from './select-json.ts';

/** Why this path cannot be used on CSV; undefined when it can. */
export function columnPathProblem(path: JsonPath): string | undefined {
  const [step, ...deeper] = path.steps;
  if (deeper.length === 0 && step?.kind !== 'names') return undefined;
  return `the filter ${path.text}: a CSV row is an array of columns, so only paths such as $[0], $[1:] and $[0,-1] fit`;
}

/** @throws TwinvecError FilterMismatch when the row has no such column */
export function selectColumns(columns: readonly Uint8Array[], path: JsonPath): readonly Uint8Array[] {
  const problem = columnPathProblem(path);
  if (problem) throw new TwinvecError('FilterMismatch', problem);
  const step = path.steps[0];
  if (step?.kind !== 'positions') return columns;
  return resolvePositions(step.positions, columns.length).map((position) => {
    const column = columns[position];
    if (!column) throw mismatch(path, `column ${position} is outside a row of ${columns.length}`);
    return column;
  });
}
