/** cdk-nag: every finding is either mended or acknowledged with a reason, and no acknowledgement outlives its finding. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnEndpointConfig } from 'aws-cdk-lib/aws-sagemaker';
import { describe, expect, it } from 'vitest';
import { acknowledgements } from '../../infra/acknowledgements.ts';
import type { Environment } from '../../infra/environments/schema.ts';
import { addRules, addService, addStack } from '../../infra/service.ts';
import { createApp } from './synthesise.ts';
import { VARIANTS } from './variants.ts';

/** Rules that the stack breaks when nothing is acknowledged. */
function findRaw(environment: Environment): string[] {
  const app = createApp();
  addStack(app, environment);
  addRules(app);
  expect(() => app.synth()).toThrow();
  const report = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8'));
  return report.pluginReports
    .flatMap(({ violations }: { violations: { ruleName: string }[] }) => violations)
    .map(({ ruleName }: { ruleName: string }) => ruleName);
}

describe.each(Object.entries(VARIANTS))(
  'AwsSolutions, Serverless, NIST 800-53, HIPAA, PCI DSS and CloudFormation rules on %s',
  (_, load) => {
    const environment = load();

    it('find nothing that is not acknowledged, and nothing has to be looked up in an account', () => {
      const app = createApp();
      addService(app, environment);
      expect(app.synth().manifest.missing).toBeUndefined();
    });

    it('find everything that is acknowledged, and each acknowledgement says why', () => {
      // Prepare
      const list = acknowledgements(addService(createApp(), environment), environment);

      // Act
      const found = findRaw(environment);

      // Assess
      expect([...new Set(found)].sort()).toEqual(list.map(({ id }) => id).sort());
      for (const { reason } of list) expect(reason.length).toBeGreaterThanOrEqual(20);
      expect(list).toMatchSnapshot();
    });
  },
);

describe("CloudFormation's own rules", () => {
  it.each([
    ['a health check that lasts too long', { containerStartupHealthCheckTimeoutInSeconds: 99_999 }, /3600/],
    ['a name that no variant may have', { variantName: 'all traffic' }, /VariantName/],
  ])('end the synth at %s', (_, wrong, message) => {
    // Prepare
    const app = createApp();
    const stack = addService(app, VARIANTS.dev!());
    const variant = { variantName: 'AllTraffic', modelName: 'm', instanceType: 'ml.m5.large', initialInstanceCount: 1 };

    // Act
    new CfnEndpointConfig(stack, 'Wrong', { kmsKeyId: 'k', productionVariants: [{ ...variant, ...wrong }] });

    // Assess
    expect(() => app.synth()).toThrow(message);
  });
});
