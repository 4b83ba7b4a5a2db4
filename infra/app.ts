/**
 * The entry point of `cdk` and of plain `node infra/app.ts`: reads which environment is meant, builds it, nothing
 * else. `cdk synth -c environment=prod` or TWINVEC_ENVIRONMENT=prod choose another than dev.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { TwinvecError } from '#core/errors.ts';
import { REPOSITORY_ROOT } from './constructs/repository.ts';
import { findEnvironment } from './environments/all.ts';
import { addService } from './service.ts';

// Without the CLI nobody reads cdk.json, and other feature flags would make another template.
const { context } = JSON.parse(readFileSync(join(REPOSITORY_ROOT, 'cdk.json'), 'utf8'));
const app = new App({ context, outdir: process.env.CDK_OUTDIR ?? join(REPOSITORY_ROOT, 'cdk.out') });
const name: unknown = app.node.tryGetContext('environment') ?? process.env.TWINVEC_ENVIRONMENT ?? 'dev';
try {
  addService(app, findEnvironment(String(name)));
  app.synth();
} catch (thrown) {
  if (!(thrown instanceof TwinvecError)) throw thrown;
  // What is wrong with the environment is for whoever wrote it, who has no use for where we noticed.
  process.stderr.write(`${thrown.message}\n`);
  process.exitCode = 1;
}
