/** The app for one environment: its stack, and the rules that it is held to. Shared by app.ts and the tests. */
import { type App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks, ServerlessChecks } from 'cdk-nag';
import { acknowledgements } from './acknowledgements.ts';
import { costTags } from './cost-tags.ts';
import type { Environment } from './environments/schema.ts';
import { TwinvecStack } from './stacks/twinvec-stack.ts';

export function addService(app: App, environment: Environment): TwinvecStack {
  const stack = addStack(app, environment);
  addRules(app);
  for (const acknowledgement of acknowledgements(stack, environment))
    Validations.of(stack).acknowledge(acknowledgement);
  return stack;
}

export function addStack(app: App, environment: Environment): TwinvecStack {
  const { account, region, name } = environment;
  const stack = new TwinvecStack(app, `twinvec-${name}`, {
    environment,
    description: 'Twinvec: pair and embedding models on a GPU endpoint and in batch',
    env: { ...(account === undefined ? {} : { account }), ...(region === undefined ? {} : { region }) },
  });
  for (const [key, value] of Object.entries(costTags(environment))) Tags.of(stack).add(key, value);
  return stack;
}

/** Five packs of cdk-nag; beside them CDK checks the template against CloudFormation's own rules (cdk.json). */
export function addRules(app: App): void {
  const packs = [AwsSolutionsChecks, ServerlessChecks, NIST80053R5Checks, HIPAASecurityChecks, PCIDSS321Checks];
  Validations.of(app).addPlugins(...packs.map((Checks) => new Checks(app)));
}
