/** Constructs that can be understood: few props each, and what may be left out says what happens then. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDER = join(resolve(import.meta.dirname, '../..'), 'infra/constructs');
const MOST_PROPS = 7;

interface Prop {
  readonly name: string;
  readonly doc: string;
  readonly optional: boolean;
}

const PROPS: readonly (readonly [name: string, props: readonly Prop[]])[] = readdirSync(FOLDER).flatMap((file) => {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  return [...text.matchAll(/export interface (\w+(?:Props|Surroundings))(?: extends \w+)? \{\n([\s\S]*?)\n\}/g)].map(
    ([, name, body]) => [name!, propsOf(body!)] as const,
  );
});

function propsOf(body: string): Prop[] {
  const each = body.matchAll(/( {2}\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)? {2}readonly (\w+)(\??): ([^;]+);/g);
  return [...each].map(([, doc = '', name, mark, type]) => ({
    name: name!,
    doc,
    optional: mark === '?' || /\bundefined\b/.test(type!),
  }));
}

describe.each(PROPS)('%s', (_, props) => {
  it('are few', () => {
    expect(props.length).toBeGreaterThan(0);
    expect(props.length).toBeLessThanOrEqual(MOST_PROPS);
  });

  it('that may be left out have a default that is written down', () => {
    const silent = props.filter(({ optional, doc }) => optional && !doc.includes('@default'));
    expect(silent.map(({ name }) => name)).toEqual([]);
  });
});
