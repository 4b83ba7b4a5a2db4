/** A path over the text of a JSON document: the text of what it selects, with every value as it was written. */
import { TwinvecError } from '#core/errors.ts';
import { type JsonPath, resolvePositions, type Step } from './json-path.ts';
import { elementsOf, jsonDocument, kindOf, type Member, membersOf } from './json-spans.ts';

/**
 * A path to one place gives the value there. Several names at the end give an object of these members; wildcards,
 * slices and several indexes give an array.
 *
 * @returns JSON text; a view of the document where it can be
 * @throws TwinvecError MalformedJson, and FilterMismatch when a name or an index is not there
 */
export function selectJson(document: Uint8Array, path: JsonPath): Uint8Array {
  let nodes: readonly Uint8Array[] = [jsonDocument(document)];
  let several = false;
  for (const [depth, step] of path.steps.entries()) {
    const last = depth === path.steps.length - 1;
    if (step.kind === 'names' && step.names.length > 1 && last) {
      nodes = nodes.map((node) => objectOf(pickMembers(node, step.names, path)));
    } else {
      several ||= !isSingle(step);
      nodes = nodes.flatMap((node) => children(node, step, path));
    }
  }
  return several ? arrayOf(nodes) : nodes[0]!;
}

function isSingle(step: Step): boolean {
  if (step.kind === 'names') return step.names.length === 1;
  return step.kind === 'positions' && step.positions.length === 1 && step.positions[0]!.kind === 'index';
}

function children(node: Uint8Array, step: Step, path: JsonPath): readonly Uint8Array[] {
  if (step.kind === 'names') return pickMembers(node, step.names, path).map(({ value }) => value);
  if (step.kind === 'wildcard') {
    const kind = kindOf(node);
    if (kind === 'array') return elementsOf(node);
    if (kind === 'object') return membersOf(node).map(({ value }) => value);
    throw mismatch(path, '* stands where the record has neither an object nor an array');
  }
  if (kindOf(node) !== 'array') throw mismatch(path, 'an index stands where the record has no array');
  const elements = elementsOf(node);
  return resolvePositions(step.positions, elements.length).map((position) => {
    const element = elements[position];
    if (!element) throw mismatch(path, `index ${position} is outside an array of ${elements.length}`);
    return element;
  });
}

/** Of a name that comes twice the last counts, as for most readers of JSON. */
function pickMembers(node: Uint8Array, names: readonly string[], path: JsonPath): readonly Member[] {
  if (kindOf(node) !== 'object') throw mismatch(path, `'${names[0]}' stands where the record has no object`);
  const values = new Map(membersOf(node).map(({ name, value }) => [name, value]));
  return names.map((name) => {
    const value = values.get(name);
    if (!value) throw mismatch(path, `the record has no '${name}'`);
    return { name, value };
  });
}

export function objectOf(members: readonly Member[]): Uint8Array {
  const parts = members.flatMap(({ name, value }, index) => [
    Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`),
    value,
  ]);
  return Buffer.concat([...(members.length === 0 ? [Buffer.from('{')] : parts), Buffer.from('}')]);
}

function arrayOf(values: readonly Uint8Array[]): Uint8Array {
  const parts = values.flatMap((value, index) => (index === 0 ? [value] : [Buffer.from(','), value]));
  return Buffer.concat([Buffer.from('['), ...parts, Buffer.from(']')]);
}

export function mismatch(path: JsonPath, problem: string): TwinvecError {
  return new TwinvecError('FilterMismatch', `the filter ${path.text}: ${problem}`);
}
