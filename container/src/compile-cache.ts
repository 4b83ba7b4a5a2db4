/**
 * Compiled code kept between starts (Node's module compile cache): reading TypeScript is more than half of the time until a
 * verb runs. Counts for what is imported after the call, so the first file of a program imports the rest dynamically.
 */
import { enableCompileCache, getCompileCacheDir } from 'node:module';

/** Threads and processes that this one starts read the variable. Where no folder can be written nothing is kept. */
export function cacheCompiledCode(): void {
  enableCompileCache();
  const folder = getCompileCacheDir();
  if (folder !== undefined) process.env.NODE_COMPILE_CACHE ??= folder;
}
