/**
 * Program for the image's build: of the installed packages, keeps those named and what they need, as package-lock.json
 * says, and removes the others. npm has no such verb: its own would resolve the whole tree again, from the registry.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** By place: `node_modules/a/node_modules/b`. */
export type LockedPackages = Readonly<Record<string, LockedPackage>>;

/** The places of the named packages and of all that they need. */
export function neededPlaces(locked: LockedPackages, names: readonly string[]): Set<string> {
  const needed = new Set<string>();
  const waiting = names.map((name) => placeOf(locked, '', name) ?? missing(name));
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (needed.has(place)) continue;
    needed.add(place);
    const { dependencies, optionalDependencies, peerDependencies } = locked[place]!;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const found = placeOf(locked, place, name);
      if (found !== undefined) waiting.push(found);
    }
  }
  return needed;
}

/** Where Node finds a package from a place: below it, else below each place around it. */
function placeOf(locked: LockedPackages, from: string, name: string): string | undefined {
  for (let around = from; ; around = around.slice(0, Math.max(0, around.lastIndexOf('/node_modules/')))) {
    const place = around === '' ? `node_modules/${name}` : `${around}/node_modules/${name}`;
    if (locked[place]) return place;
    if (around === '') return undefined;
  }
}

function missing(name: string): never {
  throw new Error(`package-lock.json has no ${name}.`);
}

/** Removes what is not needed from the folder with package-lock.json and node_modules. */
function keepPackages(folder: string, names: readonly string[]): void {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: LockedPackages;
  };
  const needed = neededPlaces(packages, names);
  const places = Object.keys(packages).filter((place) => place.startsWith('node_modules/'));
  for (const place of places) {
    const holdsNeeded = [...needed].some((other) => other === place || other.startsWith(`${place}/`));
    if (!holdsNeeded) rmSync(join(folder, place), { recursive: true, force: true });
  }
  rmSync(join(folder, 'node_modules', '.bin'), { recursive: true, force: true });
  process.stdout.write(`Kept ${needed.size} of ${places.length} packages\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) keepPackages(process.cwd(), process.argv.slice(2));
