/** The states of a batch run as a graph: nothing dangles, nothing is unreachable, every failure has its name. */
import { describe, expect, it } from 'vitest';
import { trainingStates } from '../../infra/constructs/training-states.ts';
import { transformStates } from '../../infra/constructs/transform-states.ts';

interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Catch?: readonly { readonly Next: string }[];
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Retry?: readonly { readonly MaxAttempts: number; readonly MaxDelaySeconds: number }[];
  readonly Error?: string;
}

interface Machine {
  readonly StartAt: string;
  readonly States: Record<string, State>;
}

const definition = transformStates() as unknown as Machine;
const training = trainingStates({
  request: {},
  jobPrefix: 'twinvec-dev-train',
  topicArn: 'arn:aws:sns:eu-central-1:123456789012:notices',
  partition: 'aws',
}) as unknown as Machine;

function targetsOf({ Next, Default, Choices = [], Catch = [] }: State): string[] {
  return [Next, Default, ...Catch.map((taken) => taken.Next), ...Choices.map((choice) => choice.Next)].filter(
    (name) => name !== undefined,
  );
}

describe.each([
  ['a batch run', definition],
  ['a retraining', training],
])('the states of %s', (_, machine) => {
  it('lead only to states that exist, and reach all of them', () => {
    // Prepare
    const reached = new Set<string>();
    const queue = [machine.StartAt];

    // Act
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      if (reached.has(name)) continue;
      reached.add(name);
      expect(Object.keys(machine.States)).toContain(name);
      queue.push(...targetsOf(machine.States[name]!));
    }

    // Assess
    expect([...reached].sort()).toEqual(Object.keys(machine.States).sort());
  });

  it('are left out while an earlier run of the same job goes on, where the schedule asks for it', () => {
    expect(machine.StartAt).toBe('Overlap?');
    expect(targetsOf(machine.States['Alone?']!)).toContain('Skipped');
  });
});

describe('the states of a batch run', () => {
  it('end in success, or in a failure that says which step it was', () => {
    const ends = Object.values(definition.States).filter((state) => targetsOf(state).length === 0);
    expect(ends.map(({ Type, Error: error }) => error ?? Type).sort()).toEqual([
      'InputRejected',
      'RecordsLost',
      'Succeed',
      'Succeed',
      'TransformFailed',
    ]);
  });

  it('validate before anything is created, and count before anything is called done', () => {
    const order = [
      'Plan',
      'Validate',
      'Accepted?',
      'Create',
      'Wait',
      'Observe',
      'Finished?',
      'Reconcile',
      'Reconciled?',
    ];
    for (const [index, name] of order.slice(0, -1).entries()) {
      expect(targetsOf(definition.States[name]!)).toContain(order[index + 1]);
    }
  });

  it('retry what passes by itself, a bounded number of times', () => {
    for (const state of Object.values(definition.States).filter(({ Type }) => Type === 'Task')) {
      expect(state.Retry).toHaveLength(1);
      expect(state.Retry?.[0]?.MaxAttempts).toBeLessThanOrEqual(24);
      expect(state.Retry?.[0]?.MaxDelaySeconds).toBeLessThanOrEqual(900);
    }
  });
});
