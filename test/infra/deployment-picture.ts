/**
 * The picture of a deployment, drawn from its template: who calls, reads and writes what is what the roles allow, so the
 * picture cannot say anything else than the deployment does.
 */
import type { Template } from 'aws-cdk-lib/assertions';
import { plain, resourcesOf, statementsOf } from './synthesise.ts';

/** Roles of the template, by what acts with them. */
const ACTORS: readonly (readonly [role: RegExp, name: string])[] = [
  [/^RouterFunctionRole$/, 'router'],
  [/^BatchFunctionsValidatorRole$/, 'validator'],
  [/^BatchFunctionsOrchestratorRole$/, 'orchestrator'],
  [/^BatchTransformRole$/, 'batch runs'],
  [/^TrainingRole$/, 'training runs'],
  [/^BatchModelRole$/, 'transform jobs'],
  [/^Batch\w+Role$/, 'schedules'],
  [/^TrainingScheduleRole$/, 'schedules'],
  [/^EndpointModelRole$/, 'endpoint'],
  [/^OverflowModelRole$/, 'asynchronous endpoint'],
  [/^TrainingJobRole$/, 'training jobs'],
];

/** Resources of the template's policies, by what they are. */
const THINGS: readonly (readonly [resource: RegExp, name: string])[] = [
  [/:endpoint\/[\w-]+-async$/, 'asynchronous endpoint'],
  [/:endpoint\//, 'endpoint'],
  [/:transform-job\//, 'transform jobs'],
  [/:training-job\//, 'training jobs'],
  [/-transform$/, 'batch runs'],
  [/-train$/, 'training runs'],
  [/^<BatchFunctionsValidator/, 'validator'],
  [/^<BatchFunctionsOrchestrator\./, 'orchestrator'],
  [/^<KeptRequests/, 'kept requests'],
  [/^<DataInput/, 'input'],
  [/^<DataOutput/, 'output'],
  [/model\.tar\.gz$/, 'model archive'],
  [/DeadLetters/, 'dead letters'],
  [/^<Notices>$/, 'notices'],
];

const VERBS: Readonly<Record<string, string>> = {
  's3:GetObject': 'reads',
  's3:PutObject': 'writes',
  'lambda:InvokeFunction': 'calls',
  'sagemaker:InvokeEndpoint': 'calls',
  'sagemaker:InvokeEndpointAsync': 'calls',
  'sagemaker:CreateTransformJob': 'starts',
  'sagemaker:CreateTrainingJob': 'starts',
  'states:StartExecution': 'starts',
  'sns:Publish': 'tells',
  'sqs:SendMessage': 'leaves what it could not start in',
};

type Edge = readonly [from: string, verb: string, to: string];

/** @returns Lines of a Mermaid flowchart, in one order */
export function drawDeployment(template: Template): string {
  const edges = [...fromRoles(template), ...fromApi(template), ...fromAlarms(template)];
  const lines = edges.map(([from, verb, to]) => `  ${node(from)} -- ${verb} --> ${node(to)}`);
  return ['flowchart LR', ...[...new Set(lines)].sort()].join('\n');
}

function fromRoles(template: Template): Edge[] {
  return statementsOf(template).flatMap(({ role, actions, resources }) => {
    const from = nameIn(ACTORS, role);
    if (from === undefined) return [];
    return actions.flatMap((action) =>
      resources.flatMap((resource): Edge[] => {
        const verb = VERBS[action];
        const to = nameIn(THINGS, resource);
        return verb === undefined || to === undefined ? [] : [[from, verb, to]];
      }),
    );
  });
}

function fromApi(template: Template): Edge[] {
  return resourcesOf(template, 'AWS::Lambda::Permission')
    .filter(({ properties }) => properties.Principal === 'apigateway.amazonaws.com')
    .map(({ properties }) => ['API', 'calls', plain(properties.FunctionName).startsWith('<Router') ? 'router' : '?']);
}

function fromAlarms(template: Template): Edge[] {
  const told = resourcesOf(template, 'AWS::CloudWatch::Alarm')
    .flatMap(({ properties }) => properties.AlarmActions ?? [])
    .filter((action) => plain(action) === '<Notices>');
  const sentBack = resourcesOf(template, 'AWS::SageMaker::Endpoint').filter(
    ({ properties }) => properties.DeploymentConfig?.AutoRollbackConfiguration?.Alarms.length > 0,
  );
  return [
    ...told.map((): Edge => ['alarms', 'tell', 'notices']),
    ...sentBack.map(
      ({ id }): Edge => ['alarms', 'send back', id.startsWith('Overflow') ? 'asynchronous endpoint' : 'endpoint'],
    ),
    ...resourcesOf(template, 'AWS::Budgets::Budget').map((): Edge => ['budget', 'tells', 'notices']),
  ];
}

function nameIn(names: readonly (readonly [RegExp, string])[], text: string): string | undefined {
  return names.find(([pattern]) => pattern.test(text))?.[1];
}

function node(name: string): string {
  return `${name.replaceAll(' ', '_')}[${name}]`;
}
