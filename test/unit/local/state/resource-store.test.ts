import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { RESOURCE_FIELDS } from '../../../../local/state/resource.ts';
import { openResourceStore, type ResourceStore } from '../../../../local/state/resource-store.ts';

const Thing = z.object({ ...RESOURCE_FIELDS, size: z.number(), note: z.string().optional() });
type Thing = z.infer<typeof Thing>;

let root: string;
let folder: string;
let lines: string[];
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'twinvec-state-'));
  folder = path.join(root, 'thing');
  lines = [];
});
afterEach(() => rmSync(root, { recursive: true }));

function open(): ResourceStore<Thing> {
  return openResourceStore({ folder, schema: Thing, log: (line) => lines.push(line) });
}

function thing(name: string, size = 1, region = 'eu-west-1', createdAtMs = 0): Thing {
  const createdAt = new Date(createdAtMs);
  return { name, region, size, arn: `arn:${name}`, createdAt, modifiedAt: createdAt, tags: [{ Key: 'a', Value: 'ü' }] };
}

function filesBelow(at: string): string[] {
  return readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(at, path.join(entry.parentPath, entry.name)))
    .sort();
}

describe('a store of resources', () => {
  it('has after a restart what it had before, oldest first', () => {
    // Prepare
    const store = open();
    store.add(thing('second', 2, 'eu-west-1', 2000));
    store.add(thing('first', 1, 'eu-west-1', 1000));
    store.add(thing('gone', 3));
    store.update(thing('first'), { size: 10, note: 'changed' });
    store.note(thing('second'), { size: 20 });
    store.remove(thing('gone'));

    // Act
    const again = open();

    // Assess
    expect(again.all()).toEqual([
      { ...thing('first', 10, 'eu-west-1', 1000), note: 'changed' },
      thing('second', 20, 'eu-west-1', 2000),
    ]);
    expect(lines).toEqual([]);
  });

  it('keeps the same name once in each region, whatever its case', () => {
    // Prepare
    const store = open();
    store.add(thing('Pairs', 1, 'eu-west-1'));
    store.add(thing('pairs', 2, 'us-east-1'));

    // Act
    const found = open();

    // Assess
    expect(found.find({ name: 'pAIRS', region: 'eu-west-1' })).toMatchObject({ name: 'Pairs', size: 1 });
    expect(found.all('us-east-1').map(({ size }) => size)).toEqual([2]);
    expect(found.find({ name: 'pairs', region: 'ap-south-1' })).toBeUndefined();
    expect(filesBelow(folder)).toEqual(['eu-west-1/pairs.json', 'us-east-1/pairs.json']);
  });

  it('answers a change of what is gone with nothing, and does not bring it back', () => {
    const store = open();
    store.add(thing('a'));
    store.remove(thing('a'));

    expect(store.update(thing('a'), { size: 2 })).toBeUndefined();
    expect(store.note(thing('a'), { size: 2 })).toBeUndefined();
    expect(filesBelow(folder)).toEqual([]);
  });
});

describe('when a record cannot be written', () => {
  /** A folder in the place of the file: renaming to there fails for every user, root included. */
  function block(name: string): void {
    const file = path.join(folder, 'eu-west-1', `${name}.json`);
    rmSync(file, { force: true });
    mkdirSync(path.join(file, 'x'), { recursive: true });
  }

  it('refuses what a caller asks for, and everything is as it was', () => {
    // Prepare
    const store = open();
    store.add(thing('a', 1));
    block('a');
    block('b');

    // Act and assess
    expect(() => store.add(thing('b'))).toThrow(/could not be written to .*b\.json \(EISDIR\)/);
    expect(() => store.update(thing('a'), { size: 2 })).toThrow(/Nothing was changed/);
    expect(store.all()).toEqual([thing('a', 1)]);
    expect(filesBelow(folder)).toEqual([]);
  });

  it('keeps what has happened in memory and says that the next start will not know', () => {
    const store = open();
    store.add(thing('a', 1));
    block('a');

    expect(store.note(thing('a'), { size: 2 })?.size).toBe(2);
    expect(store.find(thing('a'))?.size).toBe(2);
    expect(lines).toEqual([expect.stringMatching(/a\.json \(EISDIR\).*After a restart the change will be missing\.$/)]);
  });
});

describe('a damaged state folder', () => {
  const DAMAGES: readonly (readonly [string, (file: string) => void])[] = [
    ['is empty', (file) => truncateSync(file, 0)],
    ['is cut', (file) => truncateSync(file, 40)],
    ['is not JSON', (file) => writeFileSync(file, '\0\0\0\0')],
    ['is JSON of something else', (file) => writeFileSync(file, '[1, 2]')],
    ['lacks a field', (file) => writeFileSync(file, JSON.stringify({ ...thing('a'), size: undefined }))],
    ['holds another record', (file) => writeFileSync(file, JSON.stringify(thing('c')))],
  ];

  it.each(DAMAGES)('is used without the file that %s, which is set aside and named', (_what, damage) => {
    // Prepare
    const store = open();
    store.add(thing('a'));
    store.add(thing('b'));
    damage(path.join(folder, 'eu-west-1', 'a.json'));

    // Act
    const again = open();

    // Assess
    expect(again.all()).toEqual([thing('b')]);
    expect(lines).toEqual([
      expect.stringMatching(/a\.json is not a record of the local service: .+ set aside as a\.json\.damaged\.$/),
    ]);
    expect(filesBelow(folder)).toEqual(['eu-west-1/a.json.damaged', 'eu-west-1/b.json']);
    again.add(thing('a', 5));
    expect(open().find(thing('a'))?.size).toBe(5);
  });

  it('loses what was being written when the service was killed, and nothing else', () => {
    // Prepare
    open().add(thing('a', 1));
    writeFileSync(path.join(folder, 'eu-west-1', 'a.json.partial'), '{"name": "a", "si');

    // Act
    const again = open();

    // Assess
    expect(again.all()).toEqual([thing('a', 1)]);
    expect(filesBelow(folder)).toEqual(['eu-west-1/a.json']);
    expect(lines).toEqual([]);
  });
});

describe('for any sequence of changes', () => {
  const name = fc.constantFrom('a', 'B', 'b', 'long-name-0', 'Z9');
  const region = fc.constantFrom('eu-west-1', 'us-east-1');
  const step = fc.record({
    act: fc.constantFrom('add' as const, 'update' as const, 'note' as const, 'remove' as const, 'restart' as const),
    name,
    region,
    size: fc.double({ noNaN: true, noDefaultInfinity: true }),
    note: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
  });

  it('a restarted store equals a plain map', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        // Prepare
        rmSync(folder, { recursive: true, force: true });
        const expected = new Map<string, Thing>();
        let store = open();

        // Act
        for (const { act, size, note, ...key } of steps) {
          const id = `${key.region}/${key.name.toLowerCase()}`;
          const known = expected.get(id);
          if (act === 'restart') store = open();
          else if (act === 'remove') {
            store.remove(key);
            expected.delete(id);
          } else if (act === 'add') {
            if (!known) expected.set(id, store.add({ ...thing(key.name, size, key.region), note }));
          } else {
            store[act](key, { size, note });
            if (known) expected.set(id, { ...known, size, note });
          }
        }

        // Assess: JSON has no -0
        const plain = (things: Iterable<Thing>) =>
          [...things]
            .map((one) => ({ ...one, size: one.size + 0 }))
            .sort((a, b) => (a.region + a.name < b.region + b.name ? -1 : 1));
        expect(plain(open().all())).toEqual(plain(expected.values()));
        expect(filesBelow(folder)).toHaveLength(expected.size);
      }),
      { numRuns: 60 },
    );
  });

  it('any bytes in a file cost that record at most, never the start', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), (bytes, cut) => {
        // Prepare
        rmSync(folder, { recursive: true, force: true });
        const store = open();
        store.add(thing('a'));
        store.add(thing('b'));
        const file = path.join(folder, 'eu-west-1', 'a.json');
        const whole = readFileSync(file);
        const at = cut % whole.length;
        writeFileSync(file, Buffer.concat([whole.subarray(0, at), bytes, whole.subarray(at + bytes.length)]));

        // Act
        const again = open();

        // Assess
        expect(again.find(thing('b'))).toEqual(thing('b'));
        expect(again.all().length + filesBelow(folder).filter((one) => one.endsWith('.damaged')).length).toBe(2);
      }),
      { numRuns: 100 },
    );
  });
});
