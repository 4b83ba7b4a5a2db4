/** docs/object2vec.md and the table of hyperparameters say the same. */
import { describe, expect, it } from 'vitest';
import { describeKind, HYPERPARAMETERS, type HyperparameterRule } from '#core/object2vec/hyperparameters.ts';
import { trainingSettings } from '../../../container/src/config/training-settings.ts';
import { readPageTable } from './page-table.ts';

const rules = Object.entries<HyperparameterRule>(HYPERPARAMETERS);
const documented = readPageTable('object2vec.md');

const isVariable = (name: string): boolean => /^[A-Z_]+$/.test(name);

describe('the page of Object2Vec', () => {
  it('lists every hyperparameter of the table and no other', () => {
    const parameters = [...documented]
      .filter(([name, cells]) => cells.length === 3 && !isVariable(name))
      .map(([name]) => name);
    expect(parameters).toEqual(Object.keys(HYPERPARAMETERS));
  });

  it.each(rules)('states what the table has for %s', (name, { kind, default: fallback, doc }) => {
    const stated = fallback === undefined ? 'none' : fallback || 'empty';
    expect(documented.get(name)).toEqual([describeKind(kind), stated, doc]);
  });
});

describe('the page of Object2Vec on environment variables', () => {
  it.each(trainingSettings().map((setting) => [setting.name, setting] as const))(
    'states what the code has for %s',
    (name, { accepts, defaultText, doc }) => {
      expect(documented.get(name)).toEqual([accepts.replaceAll('|', 'or'), defaultText, doc]);
    },
  );

  it('lists no variable that training does not read', () => {
    expect([...documented.keys()].filter(isVariable)).toEqual(trainingSettings().map(({ name }) => name));
  });
});
