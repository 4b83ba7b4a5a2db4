/** Every fault of batch runs (Q) and of events, roles and Lambdas (R) is the name of a test, by its id. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const TESTS = resolve(import.meta.dirname, '../..');

/** Rows of each kind. */
const ROWS = { Q: 20, R: 18 };

/** Lines that name a test, or a case of one. */
const NAMING = /^\s*(?:it\b|describe\b|\]|\[|['`])/;

it('covers every row', () => {
  // Prepare
  const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'));
  const titles = files
    .flatMap((name) => readFileSync(join(TESTS, name), 'utf8').split('\n'))
    .filter((line) => NAMING.test(line));

  // Act
  const named = new Set(titles.flatMap((title) => title.match(/\b[QR]\d{1,2}\b/g) ?? []));

  // Assess
  const all = Object.entries(ROWS).flatMap(([kind, rows]) =>
    Array.from({ length: rows }, (_, at) => `${kind}${at + 1}`),
  );
  expect(all.filter((row) => !named.has(row))).toEqual([]);
});
