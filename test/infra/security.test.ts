/** The security controls of the deployment, each as an assertion on the template. */
import { describe, expect, it } from 'vitest';
import { plain, resourcesOf, statementsOf, synthesise } from './synthesise.ts';
import { VARIANTS } from './variants.ts';

describe.each(Object.entries(VARIANTS))('the %s deployment', (_, load) => {
  const environment = load();
  const template = synthesise(environment);

  it('cuts every model off from the network', () => {
    const models = resourcesOf(template, 'AWS::SageMaker::Model');
    expect(models.length).toBeGreaterThanOrEqual(2);
    for (const { properties } of models) expect(properties.EnableNetworkIsolation).toBe(true);
  });

  it('gives no role a managed policy', () => {
    const roles = resourcesOf(template, 'AWS::IAM::Role');
    expect(roles.length).toBeGreaterThan(0);
    expect(roles.filter(({ properties }) => properties.ManagedPolicyArns)).toEqual([]);
  });

  it('grants exactly these actions on exactly these resources', () => {
    const granted = statementsOf(template)
      .map(({ role, actions, resources }) => `${role}: ${[...actions].sort().join(' ')} on ${resources.join(' ')}`)
      .map((line) => line.replace(/cdk-hnb659fds-container-assets-\$\{[^}]+\}-\$\{[^}]+\}/, 'ASSETS'))
      .sort();
    expect(granted).toMatchSnapshot();
  });

  it('allows only actions without resources on *', () => {
    // Actions that AWS lists without resource types.
    const withoutResources =
      /^(?:ecr:GetAuthorizationToken|ec2:(?:Create|Delete)NetworkInterface(?:Permission)?|ec2:Describe\w+|xray:\w+|logs:\w+(?:Delivery|Deliveries|Policy|Policies|Groups))$/;
    const everywhere = statementsOf(template).filter(({ resources }) => resources.includes('*'));
    expect(everywhere.flatMap(({ actions }) => actions).filter((action) => !withoutResources.test(action))).toEqual([]);
  });

  it('grants no wildcard actions, and lets nobody take on another role', () => {
    const actions = statementsOf(template).flatMap((statement) => statement.actions);
    expect(actions.filter((action) => action.includes('*') || /^(?:iam:(?!PassRole)|sts:)/.test(action))).toEqual([]);
  });

  it('passes roles to the one service that they are for', () => {
    const passing = resourcesOf(template, 'AWS::IAM::Policy').flatMap(({ properties }) =>
      properties.PolicyDocument.Statement.filter(({ Action }: { Action: unknown }) =>
        [Action].flat().includes('iam:PassRole'),
      ),
    );
    for (const { Resource, Condition } of passing) {
      expect(plain(Resource)).toBe('<TrainingJobRole.Arn>');
      expect(Condition).toEqual({ StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } });
    }
  });

  it('lets services assume its roles for this account only', () => {
    for (const { properties } of resourcesOf(template, 'AWS::IAM::Role')) {
      for (const statement of properties.AssumeRolePolicyDocument.Statement) {
        expect(plain(statement.Condition?.StringEquals?.['aws:SourceAccount'])).toMatch(/^<AWS::AccountId>$|^\d{12}$/);
      }
    }
  });

  it('Q11 keeps every bucket private, versioned and encrypted, and drops unfinished uploads', () => {
    for (const { properties } of resourcesOf(template, 'AWS::S3::Bucket')) {
      expect(Object.values(properties.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
      expect(properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
      expect(properties.BucketEncryption.ServerSideEncryptionConfiguration).toHaveLength(1);
      const days = properties.LifecycleConfiguration.Rules.map(
        (rule: { AbortIncompleteMultipartUpload?: { DaysAfterInitiation: number } }) =>
          rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation,
      ).filter((count: number | undefined) => count !== undefined);
      expect(days).toEqual([7]);
    }
  });

  it('refuses plain HTTP at every bucket, queue and topic', () => {
    const policies = [
      ...resourcesOf(template, 'AWS::S3::BucketPolicy'),
      ...resourcesOf(template, 'AWS::SQS::QueuePolicy'),
      ...resourcesOf(template, 'AWS::SNS::TopicPolicy'),
    ];
    const holders = ['AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::SNS::Topic'];
    expect(policies).toHaveLength(holders.flatMap((type) => resourcesOf(template, type)).length);
    for (const { properties } of policies) {
      const refusals = properties.PolicyDocument.Statement.filter(
        (statement: { Effect: string; Condition?: { Bool?: Record<string, string> } }) =>
          statement.Effect === 'Deny' && statement.Condition?.Bool?.['aws:SecureTransport'] === 'false',
      );
      expect(refusals.length).toBeGreaterThan(0);
    }
  });

  it('logs access to every bucket', () => {
    const logged = resourcesOf(template, 'AWS::S3::Bucket').filter(({ properties }) => properties.LoggingConfiguration);
    const prefixes = logged.map(({ properties }) => properties.LoggingConfiguration.LogFilePrefix);
    // All but the bucket that the logs go to.
    expect(logged).toHaveLength(resourcesOf(template, 'AWS::S3::Bucket').length - 1);
    expect(prefixes).toEqual(expect.arrayContaining(['input/', 'output/']));
  });

  it('runs every function on Node 24 with its own memory, time, concurrency, tracing and log group', () => {
    const functions = resourcesOf(template, 'AWS::Lambda::Function');
    expect(functions).toHaveLength(3);
    for (const { properties } of functions) {
      expect(properties.Runtime).toBe('nodejs24.x');
      expect(properties.MemorySize).toBeGreaterThanOrEqual(1024);
      expect(properties.Timeout).toBeGreaterThan(3);
      expect(properties.ReservedConcurrentExecutions).toBeGreaterThan(0);
      expect(properties.TracingConfig).toEqual({ Mode: 'Active' });
      expect(properties.LoggingConfig.LogGroup).toBeDefined();
    }
    for (const { properties } of resourcesOf(template, 'AWS::Lambda::Permission')) {
      expect(properties.SourceArn).toBeDefined();
    }
    template.resourceCountIs('AWS::Lambda::Url', 0);
  });

  it('holds no secrets in environments', () => {
    const names = [
      ...resourcesOf(template, 'AWS::Lambda::Function').map(({ properties }) => properties.Environment?.Variables),
      ...resourcesOf(template, 'AWS::SageMaker::Model').map(
        ({ properties }) => properties.PrimaryContainer.Environment,
      ),
    ].flatMap((variables) => Object.keys(variables ?? {}));
    expect(names.filter((name) => /KEY|SECRET|TOKEN|PASS/.test(name))).toEqual([]);
  });

  it('logs every state of a batch run, without what the states pass on', () => {
    for (const { properties } of resourcesOf(template, 'AWS::StepFunctions::StateMachine')) {
      expect(properties.LoggingConfiguration).toMatchObject({ Level: 'ALL', IncludeExecutionData: false });
      expect(properties.TracingConfiguration).toEqual({ Enabled: true });
    }
  });

  it('ends every log, and encrypts it', () => {
    const groups = resourcesOf(template, 'AWS::Logs::LogGroup');
    expect(groups.length).toBeGreaterThanOrEqual(5);
    for (const { properties } of groups) {
      expect(properties.RetentionInDays).toBe(environment.logRetentionDays);
      expect(properties.KmsKeyId).toBeDefined();
    }
  });

  it('rotates the key, and lets nobody else use it', () => {
    const [key] = resourcesOf(template, 'AWS::KMS::Key');
    expect(key?.properties.EnableKeyRotation).toBe(true);
    expect(JSON.stringify(key?.properties.KeyPolicy)).not.toContain('"Principal":"*"');
  });

  it('encrypts every dead-letter queue and the topic', () => {
    for (const { properties } of resourcesOf(template, 'AWS::SQS::Queue')) {
      expect(properties.SqsManagedSseEnabled).toBe(true);
    }
    const topics = resourcesOf(template, 'AWS::SNS::Topic');
    expect(topics).toHaveLength(1);
    expect(topics[0]?.properties.KmsMasterKeyId).toBeDefined();
  });

  it('keeps the variables of functions under the key', () => {
    for (const { properties } of resourcesOf(template, 'AWS::Lambda::Function')) {
      expect(plain(properties.KmsKeyArn)).toBe('<Key.Arn>');
    }
  });

  it('lets nothing in from outside, and out only by HTTPS', () => {
    for (const { properties } of resourcesOf(template, 'AWS::EC2::SecurityGroup')) {
      for (const { CidrIp } of properties.SecurityGroupIngress ?? []) expect(CidrIp).toBe(environment.vpc?.cidr);
      for (const { FromPort } of properties.SecurityGroupEgress) expect([443, 252]).toContain(FromPort);
    }
    template.resourceCountIs('AWS::EC2::InternetGateway', 0);
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
  });

  it('has no notebooks', () => {
    template.resourceCountIs('AWS::SageMaker::NotebookInstance', 0);
  });
});
