/**
 * S3DataType=ManifestFile (API TransformS3DataSource): a JSON array of one `{"prefix": "s3://bucket/folder/"}` and then
 * the rest of each address. Prefix and rest are put together as they are.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { parseS3Uri, type S3Uri } from '#core/sagemaker/s3-uri.ts';

export interface Manifest {
  readonly prefix: string;
  /** What follows the prefix, in order. */
  readonly names: readonly string[];
}

/**
 * @param name How people call the manifest, for messages
 * @throws TwinvecError InvalidManifest naming the place: line and column of a syntax error, else the element
 */
export function parseManifest(bytes: Uint8Array, name: string): Manifest {
  const document = parseJson(bytes, name);
  const wrong = (problem: string): TwinvecError => new TwinvecError('InvalidManifest', `${name}: ${problem}`);
  if (!Array.isArray(document))
    throw wrong('a manifest is a JSON array: [{"prefix": "s3://bucket/folder/"}, "name", ...]');
  const [head, ...names] = document as readonly unknown[];
  if (!isPrefix(head)) throw wrong('element 0: expected {"prefix": "..."} and nothing else');
  if (names.length === 0) throw wrong('it names no object after the prefix');
  if (names.length > LIMITS.batchManifestObjects.value) {
    throw wrong(`it names ${names.length} objects and ${LIMITS.batchManifestObjects.value} are allowed`);
  }
  const seen = new Map<string, number>();
  for (const [index, rest] of names.entries()) {
    const place = `element ${index + 1}`;
    if (typeof rest !== 'string')
      throw wrong(`${place}: expected a string, found ${quoteForMessage(JSON.stringify(rest))}`);
    if (rest === '') throw wrong(`${place}: the name is empty`);
    const before = seen.get(rest);
    if (before !== undefined) throw wrong(`${place}: ${quoteForMessage(rest)} is element ${before} already`);
    seen.set(rest, index + 1);
  }
  return { prefix: head.prefix, names: names as readonly string[] };
}

export interface S3Manifest {
  /** What each address begins with. */
  readonly base: S3Uri;
  readonly objects: readonly S3Uri[];
}

/** The same for a manifest of objects in S3. @throws TwinvecError InvalidManifest also when the prefix is no s3:// address */
export function parseS3Manifest(bytes: Uint8Array, name: string): S3Manifest {
  const { prefix, names } = parseManifest(bytes, name);
  const locate = (address: string, element: number): S3Uri => {
    const location = parseS3Uri(address);
    if (location) return location;
    const problem = `${quoteForMessage(address)} is not an s3:// address`;
    throw new TwinvecError('InvalidManifest', `${name}: element ${element}: ${problem}`);
  };
  // The whole address is taken apart, and not the prefix: without a "/" behind its bucket, a name may go on with the bucket's.
  return { base: locate(prefix, 0), objects: names.map((rest, index) => locate(prefix + rest, index + 1)) };
}

/** The manifest of objects below one prefix. */
export function formatManifest({ prefix, names }: Manifest): string {
  return `${JSON.stringify([{ prefix }, ...names], undefined, 1)}\n`;
}

function isPrefix(head: unknown): head is { readonly prefix: string } {
  if (head === null || typeof head !== 'object' || Array.isArray(head)) return false;
  return 'prefix' in head && typeof head.prefix === 'string' && Object.keys(head).length === 1;
}

function parseJson(bytes: Uint8Array, name: string): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    const said = error instanceof Error ? error.message : '';
    throw new TwinvecError('InvalidManifest', `${name}: not JSON: ${said}${placeOf(text, said)}`);
  }
}

/** Line and column of the position that the parser names, where it names none the end. */
function placeOf(text: string, said: string): string {
  if (/line \d+ column \d+/.test(said)) return '';
  const position = Number(/position (\d+)/.exec(said)?.[1] ?? text.length);
  const before = text.slice(0, position).split('\n');
  return ` (line ${before.length} column ${before.at(-1)!.length + 1})`;
}
