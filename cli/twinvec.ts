#!/usr/bin/env -S node --max-semi-space-size=2
/**
 * The `twinvec` command: thin faces over the folders beside it. `twinvec <verb> --help` shows examples.
 */
import { cacheCompiledCode } from '../container/src/compile-cache.ts';

cacheCompiledCode();
const { runProgram } = await import('./program.ts');
await runProgram();
