#!/usr/bin/env node
/**
 * The image's entry point: SageMaker runs it as `<image> serve` or `<image> train`. Each verb loads only its own code.
 */
import { cacheCompiledCode } from './compile-cache.ts';

const USAGE = 'Usage: main.ts serve [--help] | train\n';

async function main([verb, ...rest]: readonly string[]): Promise<void> {
  switch (verb) {
    case 'serve': {
      const { runServe } = await import('./serve.ts');
      await runServe(process.env, rest);
      break;
    }
    case 'train': {
      const { runTraining } = await import('./train.ts');
      process.exitCode = await runTraining(process.env);
      break;
    }
    default:
      process.stderr.write(USAGE);
      process.exitCode = 2;
  }
}

/** A host that started this with a channel, as the local service does, takes it along: nothing outlives `kill -9` of it. */
function endWithHost(): void {
  if (!process.channel) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

endWithHost();
cacheCompiledCode();
await main(process.argv.slice(2));
