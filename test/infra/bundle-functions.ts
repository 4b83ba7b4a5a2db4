/** The Lambdas as CDK bundles them for a deployment: the file that Node loads, by the folder that it was made from. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { findEnvironment } from '../../infra/environments/all.ts';
import { addStack } from '../../infra/service.ts';
import { createApp, resourcesOf } from './synthesise.ts';

export function bundleFunctions(): Readonly<Record<string, string>> {
  const app = createApp({ bundle: true });
  // Without the rules: what is looked at here are files.
  const template = Template.fromStack(addStack(app, findEnvironment('dev')));
  const { directory } = app.synth();
  return Object.fromEntries(
    resourcesOf(template, 'AWS::Lambda::Function').map(({ properties }) => {
      const file = join(directory, `asset.${properties.Code.S3Key.replace(/\.zip$/, '')}`, 'index.mjs');
      if (!existsSync(file)) throw new Error(`no bundle at ${file}`);
      return [properties.Environment.Variables.POWERTOOLS_SERVICE_NAME, file];
    }),
  );
}
