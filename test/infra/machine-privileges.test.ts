/** Least privilege of the state machines (spec faults S10): what their states call is what their roles allow, both ways. */
import { describe, expect, it } from 'vitest';
import { findEnvironment } from '../../infra/environments/all.ts';
import { resourcesOf, statementsOf, synthesise } from './synthesise.ts';

const template = synthesise(findEnvironment('prod'));

/** Logs and traces of the machine itself, which no state asks for. */
const PLATFORM = /^(?:logs|xray):/;
const SERVICES: Readonly<Record<string, string>> = { sfn: 'states' };

/** What a call needs beside the action of its own name. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  // With its tags, and with the role that it runs as.
  'sagemaker:CreateTrainingJob': ['sagemaker:AddTags', 'iam:PassRole'],
  // The topic is encrypted.
  'sns:Publish': ['kms:Decrypt', 'kms:GenerateDataKey'],
};
/** A map whose items are executions of their own starts, looks after and ends them. */
const DISTRIBUTED = ['states:StartExecution', 'states:DescribeExecution', 'states:StopExecution'];

function usedBy(definition: unknown): string[] {
  const text = JSON.stringify(definition);
  const calls = [...text.matchAll(/:states:::(?:aws-sdk:)?(\w+):(\w+)/g)].map(([, service, call]) => {
    const action = call === 'invoke' ? 'InvokeFunction' : call![0]!.toUpperCase() + call!.slice(1);
    return `${SERVICES[service!] ?? service}:${action}`;
  });
  const distributed = /"Mode":\s*"DISTRIBUTED"/.test(text) ? DISTRIBUTED : [];
  return [...new Set([...calls.flatMap((call) => [call, ...(ALSO[call] ?? [])]), ...distributed])].sort();
}

describe.each([
  ['BatchTransform', 'BatchTransformRole'],
  ['Training', 'TrainingRole'],
])('the state machine %s', (id, role) => {
  it('may do what its states do, and nothing else', () => {
    // Prepare
    const [machine] = resourcesOf(template, 'AWS::StepFunctions::StateMachine').filter((one) => one.id.startsWith(id));

    // Act
    const granted = statementsOf(template)
      .filter((statement) => statement.role === role)
      .flatMap(({ actions }) => actions)
      .filter((action) => !PLATFORM.test(action));

    // Assess
    expect(usedBy(machine?.properties.Definition).length).toBeGreaterThan(2);
    expect([...new Set(granted)].sort()).toEqual(usedBy(machine?.properties.Definition));
  });
});
