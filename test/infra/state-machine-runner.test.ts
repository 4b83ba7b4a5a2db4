/** The runner of state machines: what it carries out as Step Functions does, and that it refuses all that it does not know. */
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { describe, expect, it } from 'vitest';
import { trainingStates } from '../../infra/constructs/training-states.ts';
import { transformStates } from '../../infra/constructs/transform-states.ts';
import { Account, type LambdaHandler } from '../fixtures/state-machine/account.ts';
import { checkDefinition } from '../fixtures/state-machine/check-definition.ts';
import { StateFailure, takes } from '../fixtures/state-machine/failure.ts';
import { runStates } from '../fixtures/state-machine/run-machine.ts';

const INVOKE = 'arn:aws:states:::lambda:invoke';
const RETRY = { IntervalSeconds: 2, MaxAttempts: 3, BackoffRate: 3, MaxDelaySeconds: 10, JitterStrategy: 'NONE' };
const CATCH = [{ ErrorEquals: ['States.ALL'], Assign: { seen: '{% $states.errorOutput %}' }, Next: 'Caught' }];

const task = (more: object = {}) => ({
  Type: 'Task',
  Resource: INVOKE,
  Arguments: { FunctionName: 'f', Payload: { x: '{% $states.input.x %}' } },
  Output: '{% $states.result.Payload %}',
  ...more,
});

const machine = (states: object, more: object = {}) => ({
  QueryLanguage: 'JSONata',
  StartAt: Object.keys(states)[0],
  States: states,
  ...more,
});

async function run(definition: object, input: unknown = {}, f: LambdaHandler = async () => ({})) {
  const account = new Account({
    functions: { f },
    topicArn: 't',
    sageMaker: new SageMakerClient({ region: 'us-east-1' }),
  });
  const pauses: number[] = [];
  const visited: string[] = [];
  const context = {
    Execution: { Id: 'arn:aws:states:r:a:execution:m:e', Name: 'e', Input: input, StartTime: '2026-11-21T03:00:00Z' },
    StateMachine: { Id: 'arn:aws:states:r:a:stateMachine:m', Name: 'm' },
  };
  const pause = async (_: string, seconds: number) => void pauses.push(seconds);
  return {
    ...(await runStates(await checkDefinition(definition), context, { account, pause, visited })),
    pauses,
    visited,
  };
}

const pass = (Output: unknown) => machine({ P: { Type: 'Pass', Output, End: true } });

describe('the runner', () => {
  it('assigns variables for the states that follow, and not for the Output beside them', async () => {
    const definition = machine({
      A: { Type: 'Pass', Assign: { n: 1 }, Next: 'B' },
      B: { Type: 'Pass', Assign: { n: '{% $n + 1 %}' }, Output: '{% $n %}', Next: 'C' },
      C: { Type: 'Pass', Output: ['{% $states.input %}', { n: '{% $n %}' }], End: true },
    });
    expect(await run(definition)).toMatchObject({ status: 'SUCCEEDED', output: [1, { n: 2 }] });
  });

  it('takes the first rule of a choice that is true', async () => {
    const Choices = [
      { Condition: '{% $states.input.x > 5 %}', Next: 'Large' },
      { Condition: '{% $states.input.x > 1 %}', Next: 'Middle' },
    ];
    const ends = { Large: { Type: 'Succeed' }, Middle: { Type: 'Succeed' }, Small: { Type: 'Succeed' } };
    const definition = machine({ Which: { Type: 'Choice', Choices, Default: 'Small' }, ...ends });
    const ways = await Promise.all([9, 3, 0].map(async (x) => (await run(definition, { x })).visited[1]));
    expect(ways).toEqual(['Large', 'Middle', 'Small']);
  });

  it('tries again as often as it says, with pauses that grow to their bound, and then catches', async () => {
    const Retry = [{ ErrorEquals: ['Overloaded'], ...RETRY }];
    const Caught = { Type: 'Pass', Output: '{% $seen %}', End: true };
    const definition = machine({ T: task({ Retry, Catch: CATCH, End: true }), Caught });
    const overloaded = Object.assign(new Error('full'), { name: 'Overloaded' });

    const result = await run(definition, { x: 1 }, () => Promise.reject(overloaded));

    expect(result.pauses).toEqual([2, 6, 10]);
    const Cause = expect.stringContaining('{"errorType":"Overloaded","errorMessage":"full","trace":[');
    expect(result).toMatchObject({ status: 'SUCCEEDED', output: { Error: 'Overloaded', Cause } });
  });

  it('gives up at once on an error that no retry and no catch takes', async () => {
    const definition = machine({ T: task({ Retry: [{ ErrorEquals: ['Overloaded'], ...RETRY }], End: true }) });
    const result = await run(definition, { x: 1 }, () => Promise.reject(new TypeError('no')));
    expect(result).toMatchObject({ status: 'FAILED', error: 'TypeError', pauses: [] });
  });

  it('runs the items of a map by themselves, in their order, without the variables of the run', async () => {
    const map = (payload: string) => ({
      Type: 'Map',
      Items: '{% $states.input.items %}',
      ItemSelector: "{% {'x': $states.context.Map.Item.Value * $factor} %}",
      MaxConcurrency: 2,
      ToleratedFailurePercentage: 0,
      Label: 'Items',
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'T',
        States: { T: task({ Arguments: { FunctionName: 'f', Payload: { x: payload } }, End: true }) },
      },
      End: true,
    });
    const definition = (payload: string) =>
      machine({ A: { Type: 'Pass', Assign: { factor: 10 }, Next: 'M' }, M: map(payload) });
    const echo: LambdaHandler = async (event) => (event as { x: number }).x;

    expect(await run(definition('{% $states.input.x %}'), { items: [1, 2, 3] }, echo)).toMatchObject({
      output: [10, 20, 30],
    });
    expect(await run(definition('{% $states.input.x %}'), { items: [1] }, echo)).toMatchObject({ output: [10] });
    expect(
      await run(definition('{% $states.input.x %}'), { items: [1] }, () => Promise.reject(new Error('no'))),
    ).toMatchObject({ error: 'States.ExceedToleratedFailureThreshold' });
    await expect(run(definition('{% $factor %}'), { items: [1] }, echo)).rejects.toThrow('No result: $factor');
  });

  it('matches names as Step Functions does', () => {
    const [timeout, other] = [new StateFailure('States.Timeout', ''), new StateFailure('X', '')];
    expect([timeout, other].map((failure) => takes(['States.TaskFailed'], failure))).toEqual([false, true]);
    expect([timeout, other].map((failure) => takes(['States.ALL'], failure))).toEqual([true, true]);
    expect([timeout, other].map((failure) => takes(['X', 'Y'], failure))).toEqual([false, true]);
  });
});

describe('the runner refuses', () => {
  it.each([
    ['a kind of state', machine({ P: { Type: 'Parallel', Branches: [], End: true } }), /Type/],
    ['a field', machine({ T: task({ HeartbeatSeconds: 5, End: true }) }), /HeartbeatSeconds/],
    ['a field of JSONPath', machine({ P: { Type: 'Pass', ResultPath: '$.x', End: true } }), /ResultPath/],
    ['JSONPath', machine({ S: { Type: 'Succeed' } }, { QueryLanguage: 'JSONPath' }), /QueryLanguage/],
    ['a state without a successor', machine({ P: { Type: 'Pass' } }), /needs either Next or End/],
    [
      'a field of a retry',
      machine({ T: task({ Retry: [{ ErrorEquals: ['X'], ...RETRY, Max: 1 }], End: true }) }),
      /Max/,
    ],
    [
      'a map in this process',
      machine({ M: { Type: 'Map', ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' } } } }),
      /Mode/,
    ],
    ['a function', pass('{% $sumUp([1]) %}'), /no function \$sumUp/],
    ['the function that Step Functions lacks', pass("{% $eval('1') %}"), /no function \$eval/],
    [
      'a function in a state that is not visited',
      machine({ S: { Type: 'Succeed' }, P: { Type: 'Pass', Output: '{% $no() %}', End: true } }),
      /no function \$no:/,
    ],
    ['a variable', pass('{% $unknown %}'), /Nothing assigns to \$unknown/],
    ['an expression with a mistake', pass('{% 1 + %}'), /1 \+/],
    ['half an expression', pass('from {% $states.input %}'), /Half an expression/],
    ['JSONata of its own functions', pass('{% $map([1], function($x) { $x }) %}'), /"lambda" is not known/],
  ])('%s that it does not know', async (_, definition, problem) => {
    await expect(run(definition)).rejects.toThrow(problem);
  });

  it.each([
    ['an expression without a result', pass('{% $states.input.nothing %}'), /No result: \$states\.input\.nothing/],
    ['an expression that fails', pass("{% 'a' + 1 %}"), /'a' \+ 1/],
    [
      'a condition that is no truth',
      machine({ C: { Type: 'Choice', Choices: [{ Condition: "{% 'yes' %}", Next: 'C' }], Default: 'C' } }),
      /neither/,
    ],
    ['a state that is not there', machine({ P: { Type: 'Pass', Next: 'Nowhere' } }), /no state Nowhere/],
    ['a service', machine({ T: task({ Resource: 'arn:aws:states:::sqs:sendMessage', End: true }) }), /sqs:sendMessage/],
    [
      'an argument',
      machine({ T: task({ Arguments: { FunctionName: 'f', Payload: {}, Qualifier: '1' }, End: true }) }),
      /Qualifier/,
    ],
    [
      'more than a state may pass on',
      pass("{% $join([1..140000].('a')) & $join([1..140000].('a')) %}"),
      /passes on 280002 bytes/,
    ],
    [
      'a subject that SNS does not take',
      machine({
        T: task({
          Resource: 'arn:aws:states:::aws-sdk:sns:publish',
          Arguments: { TopicArn: 't', Subject: 'ü', Message: 'm' },
          End: true,
        }),
      }),
      /Subject/,
    ],
  ])('to go on with %s, whatever would catch it', async (_, definition, problem) => {
    const states = Object.entries(definition.States).map(([name, state]) =>
      state.Type === 'Task' ? [name, { ...state, Catch: CATCH }] : [name, state],
    );
    const caught = { ...definition, States: { ...Object.fromEntries(states), Caught: { Type: 'Succeed' } } };
    await expect(run(caught, { x: 1 })).rejects.toThrow(problem);
  });

  it('nothing of the definitions of this repository', async () => {
    const props = { request: {}, jobPrefix: 'p', topicArn: 't', partition: 'aws' };
    await checkDefinition(transformStates({ partConcurrency: 5 }));
    await checkDefinition(trainingStates(props));
  });
});
