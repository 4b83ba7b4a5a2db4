/**
 * The SavedModels in a model folder, as AWS's TensorFlow container finds them: every numeric folder with a
 * `saved_model.pb` is a version, and its parent names the model. What could mean two things is refused.
 */
import { type Dirent, readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { modelAddress } from '../servables/custom-attributes.ts';

export interface FoundVersion {
  readonly name: string;
  /** Decimal, without leading zeros. */
  readonly version: string;
  /** The folder that holds `saved_model.pb`. */
  readonly dir: string;
}

/** Name of a model whose version folders lie at the top. */
const TOP_NAME = 'model';
const GRAPH_FILE = 'saved_model.pb';
const ARCHIVE = /\.(tar|tgz|tar\.gz|zip)$/i;
/** Handlers and their packages; no models. */
const CODE_FOLDER = 'code';
const MAX_DEPTH = LIMITS.modelFolderDepth.value;
const MAX_ENTRIES = LIMITS.modelFolderEntries.value;
/** TF Serving's versions are int64. */
const MAX_VERSION = 2n ** 63n - 1n;

/** There is no version folder in the model folder. */
export class NoModelFound extends TwinvecError {
  constructor(hint: string) {
    super('InvalidArtifact', `The model folder has no model. ${hint}`);
  }
}

/**
 * Versions by name, then by number. Hidden folders and links are not entered.
 *
 * @throws NoModelFound; TwinvecError InvalidArtifact when two folders claim one name.
 */
export function findSavedModels(modelDir: string): FoundVersion[] {
  const search = new Search(modelDir);
  search.visit(modelDir, 0);
  const found = search.versions.sort(byNameAndVersion);
  if (found.length === 0) throw nothingFound(search);
  refuseAmbiguous(modelDir, found);
  return found;
}

class Search {
  readonly #root: string;
  readonly versions: FoundVersion[] = [];
  /** Folders, below the root, with a graph but no number as their name. */
  readonly misplaced: string[] = [];
  /** Archives at the top: a model folder packed twice. */
  readonly archives: string[] = [];
  #entries = 0;

  constructor(root: string) {
    this.#root = root;
  }

  visit(dir: string, depth: number): void {
    if (depth > MAX_DEPTH) throw invalid(`The model folder is nested deeper than ${MAX_DEPTH} folders.`);
    const entries = this.#read(dir);
    const isTop = dir === this.#root;
    if (entries.some((entry) => entry.name === GRAPH_FILE)) {
      if (!isTop && /^\d+$/.test(basename(dir))) {
        this.versions.push(this.#versionOf(dir));
        return;
      }
      this.misplaced.push(isTop ? '.' : relative(this.#root, dir));
    }
    if (isTop) this.archives.push(...entries.map(({ name }) => name).filter((name) => ARCHIVE.test(name)));
    for (const entry of entries) {
      if (!entry.isDirectory() || entry.name.startsWith('.') || (isTop && entry.name === CODE_FOLDER)) continue;
      this.visit(join(dir, entry.name), depth + 1);
    }
  }

  #read(dir: string): Dirent[] {
    let entries: Dirent[];
    try {
      entries = readdirSync(dir, { withFileTypes: true });
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new TwinvecError('InvalidArtifact', `The model folder cannot be read (${code}).`, { cause });
    }
    this.#entries += entries.length;
    if (this.#entries > MAX_ENTRIES) throw invalid(`The model folder has more than ${MAX_ENTRIES} entries.`);
    return entries;
  }

  #versionOf(dir: string): FoundVersion {
    const parent = join(dir, '..');
    const name = parent === this.#root ? TOP_NAME : basename(parent);
    const place = relative(this.#root, dir);
    try {
      modelAddress(name);
    } catch (cause) {
      const rule = 'letters, digits, dots, dashes and underscores';
      throw new TwinvecError('InvalidArtifact', `${quoteForMessage(place)}: a model's name has only ${rule}.`, {
        cause,
      });
    }
    const version = BigInt(basename(dir));
    if (version > MAX_VERSION) throw invalid(`${quoteForMessage(place)}: a version is at most ${MAX_VERSION}.`);
    return { name, version: version.toString(), dir };
  }
}

function refuseAmbiguous(root: string, found: readonly FoundVersion[]): void {
  const places = (a: FoundVersion, b: FoundVersion) =>
    [a, b].map(({ dir }) => quoteForMessage(relative(root, dir))).join(' and ');
  found.forEach((one, index) => {
    const other = found[index - 1];
    if (other?.name !== one.name) return;
    const where = places(other, one);
    if (other.version === one.version) {
      throw invalid(`Version ${one.version} of model ${one.name} is there twice: ${where}.`);
    }
    if (join(other.dir, '..') === join(one.dir, '..')) return;
    throw invalid(`Two folders are named for the model ${one.name}: ${where}. Rename one.`);
  });
}

function byNameAndVersion(a: FoundVersion, b: FoundVersion): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  const difference = BigInt(a.version) - BigInt(b.version);
  if (difference !== 0n) return difference < 0n ? -1 : 1;
  return a.dir < b.dir ? -1 : 1;
}

function nothingFound({ misplaced, archives }: Search): TwinvecError {
  const [first] = misplaced;
  const [archive] = archives;
  if (archive !== undefined) {
    return invalid(`The model folder has no model but ${quoteForMessage(archive)}: pack the folder, not its archive.`);
  }
  const hint =
    first === undefined
      ? 'It holds neither object2vec.json nor a SavedModel in a numeric version folder, such as 1/saved_model.pb.'
      : `${quoteForMessage(join(first, GRAPH_FILE))} is not in a numeric version folder, such as 1/saved_model.pb.`;
  return new NoModelFound(hint);
}

function invalid(message: string): TwinvecError {
  return new TwinvecError('InvalidArtifact', message);
}
