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
  readonly Retry?: readonly {
    readonly ErrorEquals: readonly string[];
    readonly MaxAttempts: number;
    readonly MaxDelaySeconds: number;
  }[];
  readonly Error?: string;
  readonly Output?: unknown;
  readonly ItemProcessor?: Machine & { readonly ProcessorConfig: unknown };
  readonly MaxConcurrency?: number;
  readonly ToleratedFailurePercentage?: number;
}

interface Machine {
  readonly StartAt: string;
  readonly States: Record<string, State>;
}

const definition = transformStates({ partConcurrency: 7 }) as unknown as Machine;
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
      'InputChanged',
      'InputRejected',
      'RecordsLost',
      'StepFailed',
      'Succeed',
      'Succeed',
      'TransformFailed',
    ]);
  });

  it('validate before anything is created, and count before anything is called done', () => {
    const order = [
      'Plan',
      'Divide',
      'Validate',
      'Read?',
      'Merge',
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

  it('validate as many parts at a time as the validator may have, each in a run of its own, and tolerate none unread', () => {
    const map = definition.States.Validate!;
    expect(map).toMatchObject({
      Type: 'Map',
      MaxConcurrency: 7,
      ToleratedFailurePercentage: 0,
      ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } },
    });
    expect(Object.keys(map.ItemProcessor!.States)).toEqual(['ValidatePart', 'Unread']);
    expect(targetsOf(definition.States['Read?']!)).toEqual(['Merge', 'BlamePart']);
  });

  it('run failed files again before anybody is told, and tell somebody before the run is called failed', () => {
    expect(targetsOf(definition.States['Reconciled?']!).slice(1, 3)).toEqual(['Done', 'Retry']);
    expect(targetsOf(definition.States.Retry!)).toContain('Create');
    expect(targetsOf(definition.States.Explain!)).toEqual(['Tell', 'Ended?']);
    expect(targetsOf(definition.States.Tell!)).toEqual(['Ended?', 'Ended?']);
  });

  it('explain the failure of every step, whatever it is', () => {
    const steps = Object.entries(definition.States).filter(([, { Type }]) => Type === 'Task' || Type === 'Map');
    // The overlap rule comes before there is a run; the last two are the explanation itself.
    const own = steps.filter(([name]) => !['FindOthers', 'Explain', 'Tell'].includes(name));
    expect(own.length).toBeGreaterThan(6);
    for (const [, { Catch }] of own) expect(Catch).toMatchObject([{ ErrorEquals: ['States.ALL'], Next: 'Explain' }]);
  });

  it('wait for a quota for hours, with pauses that grow (Q19)', () => {
    const [retry] = definition.States.Create!.Retry!;
    expect(retry).toMatchObject({ BackoffRate: 2, JitterStrategy: 'FULL', MaxAttempts: 24, MaxDelaySeconds: 900 });
    expect(retry!.ErrorEquals).toContain('Overloaded');
  });

  it('retry what passes by itself, a bounded number of times', () => {
    const states = [
      ...Object.values(definition.States),
      ...Object.values(definition.States.Validate!.ItemProcessor!.States),
    ];
    for (const { Retry } of states.filter(({ Type }) => Type === 'Task')) {
      expect(Retry!.length).toBeGreaterThan(0);
      for (const { MaxAttempts, MaxDelaySeconds } of Retry!) {
        expect(MaxAttempts).toBeLessThanOrEqual(24);
        expect(MaxDelaySeconds).toBeLessThanOrEqual(900);
      }
    }
  });

  it('have an expression wherever there are braces for one, and no text that looks like half of one', () => {
    for (const text of textsOf(definition)) {
      const marks = text.match(/\{%|%\}/g) ?? [];
      expect(marks.length === 0 || (marks.length === 2 && text.startsWith('{% ') && text.endsWith(' %}')), text).toBe(
        true,
      );
    }
  });
});

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsOf) : [];
}
