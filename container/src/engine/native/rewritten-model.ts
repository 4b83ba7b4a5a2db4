/**
 * A SavedModel with another graph, for as long as TensorFlow needs to load it: a private temporary folder with the
 * changed `saved_model.pb`, in which everything else is a link to the original.
 */
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, symlinkSync, writevSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { TwinvecError } from '#core/errors.ts';

const GRAPH_FILE = 'saved_model.pb';

export interface RewrittenModel {
  readonly dir: string;
  /** After loading: the graph is in memory. Assets stay, since nodes may hold their paths. */
  loaded(hasAssets: boolean): void;
  remove(): void;
}

/**
 * @param graph the bytes of `saved_model.pb`, in pieces.
 * @throws TwinvecError InvalidConfiguration when the folder for temporary files cannot be written.
 */
export function writeRewrittenModel(savedModelDir: string, graph: readonly Uint8Array[]): RewrittenModel {
  let dir: string | undefined;
  try {
    dir = mkdtempSync(join(tmpdir(), 'twinvec-model-'));
    for (const name of readdirSync(savedModelDir)) {
      if (name !== GRAPH_FILE) symlinkSync(resolve(savedModelDir, name), join(dir, name));
    }
    writePieces(join(dir, GRAPH_FILE), graph);
  } catch (cause) {
    if (dir) removeFolder(dir);
    const { code } = cause as NodeJS.ErrnoException;
    throw new TwinvecError(
      'InvalidConfiguration',
      `The folder for temporary files (TMPDIR) cannot take the model's graph: ${code ?? 'it failed'}.`,
      { cause },
    );
  }
  const made = dir;
  const remove = () => removeFolder(made);
  process.once('exit', remove);
  return {
    dir: made,
    loaded(hasAssets) {
      if (hasAssets) rmSync(join(made, GRAPH_FILE), { force: true });
      else this.remove();
    },
    remove() {
      process.off('exit', remove);
      remove();
    },
  };
}

function removeFolder(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
}

/** How many pieces one system call takes (IOV_MAX of Linux). */
const PIECES_AT_ONCE = 1024;

function writePieces(path: string, pieces: readonly Uint8Array[]): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    for (let at = 0; at < pieces.length; at += PIECES_AT_ONCE) {
      const wanted = pieces.slice(at, at + PIECES_AT_ONCE);
      const bytes = wanted.reduce((sum, piece) => sum + piece.length, 0);
      if (writevSync(file, wanted) !== bytes) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
    }
  } finally {
    closeSync(file);
  }
}
