/** A manifest as a definition's input: nothing but what the definition allows, and outputs that keep their names. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatManifest, parseS3Manifest } from '#core/batch/manifest.ts';
import { outputName } from '#core/batch/output-name.ts';
import { parseInputManifest } from '#core/jobs/input-manifest.ts';
import { buildRetryManifest } from '#core/jobs/retry-manifest.ts';
import type { RunManifest } from '#core/jobs/run-manifest.ts';
import { toAddress } from '#core/jobs/s3-address.ts';

const AT = 's3://data/manifests/today.json';
const parse = (prefix: string, names: readonly string[], input = 's3://data/day/') =>
  parseInputManifest(Buffer.from(formatManifest({ prefix, names })), AT, input);

/** Prefixes that end before the folder does, and what of its address the names then begin with. */
const STARTS_OF_DATA: Readonly<Record<string, string>> = { 's3://data': '/day/', 's3://dat': 'a/day/' };

/** Key parts that are neither "." nor "..". */
const part = fc.stringMatching(/^[a-zäß😀+% -]{1,6}$/u);
const name = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));

describe('the manifest of an input', () => {
  it('names objects below the definition’s folder, in its own order, whichever part of an address is the prefix', () => {
    const folder = 's3://data/day/';
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1 }), fc.integer({ min: 8, max: 14 }), (names, cut) => {
        const { objects } = parse(
          folder.slice(0, cut),
          names.map((one) => folder.slice(cut) + one),
        );
        expect(objects).toEqual(names.map((one) => ({ bucket: 'data', key: `day/${one}` })));
      }),
    );
  });

  it.each([
    [
      'in a neighbour folder',
      's3://data/',
      ['day/a', 'day-old/a'],
      /element 2: "s3:\/\/data\/day-old\/a" is not below/,
    ],
    ['in a higher folder', 's3://data/', ['a'], /element 1: .* is not below s3:\/\/data\/day\//],
    ['in another bucket', 's3://other/day/', ['a'], /element 1: "s3:\/\/other\/day\/a" is not below/],
    ['in a bucket that begins like it', 's3://data', ['/day/a', '-other/day/a'], /element 2: "s3:\/\/data-other/],
    ['that climbs out', 's3://data/day/', ['a', '../secret/a'], /element 2: .* has a "\." or "\.\." part in its key/],
    ['whose address is too long', 's3://data/day/', ['n'.repeat(1024)], /element 1: .* longer than 1024/],
  ])('is refused for an object %s, by its element, with what to do', (_, prefix, names, problem) => {
    expect(() => parse(prefix, names)).toThrow(expect.objectContaining({ code: 'InvalidManifest' }));
    expect(() => parse(prefix, names)).toThrow(problem);
    expect(() => parse(prefix, names)).toThrow(/move the object there, or name a higher folder/);
  });

  it('has outputs whose names a retry does not change, wherever its prefix ends', () => {
    const prefixes = fc.constantFrom(
      's3://data/day/',
      's3://data/day/part-',
      's3://data/day/a/b',
      ...Object.keys(STARTS_OF_DATA),
    );
    fc.assert(
      fc.property(prefixes, fc.uniqueArray(name, { minLength: 1 }), (prefix, drawn) => {
        // Prepare
        const names = drawn.map((one) => (STARTS_OF_DATA[prefix] ?? '') + one);
        const { base, objects } = parse(prefix, names);
        const run = {
          runName: 'run',
          input: 's3://data/day/',
          inputManifest: { address: AT, prefix: toAddress(base) },
          files: objects.map((object) => ({ input: toAddress(object), recordsIn: 1 })),
        } as unknown as RunManifest;

        // Act
        const retry = parseS3Manifest(Buffer.from(buildRetryManifest(run).text), 'retry');

        // Assess
        expect(retry.objects).toEqual(objects);
        for (const { key } of objects) expect(outputName(retry.base.key, key)).toBe(outputName(base.key, key));
      }),
    );
  });
});
