/** Every member of the control plane's requests against the API model: what it allows is taken, all else refused. */
import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { TwinvecError } from '#core/errors.ts';
import { CreateEndpointConfigRequest, EndpointConfigName } from '#core/sagemaker/endpoint-config-request.ts';
import {
  CreateEndpointRequest,
  EndpointName,
  UpdateEndpointRequest,
  UpdateEndpointWeightsAndCapacitiesRequest,
} from '#core/sagemaker/endpoint-requests.ts';
import {
  ListEndpointConfigsRequest,
  ListEndpointsRequest,
  ListModelsRequest,
  ListTrainingJobsRequest,
  ListTransformJobsRequest,
} from '#core/sagemaker/list-requests.ts';
import { CreateModelRequest, ModelName } from '#core/sagemaker/model-request.ts';
import { AddTagsRequest, DeleteTagsRequest, ListTagsRequest } from '#core/sagemaker/tag-requests.ts';
import { CreateTrainingJobRequest, TrainingJobName } from '#core/sagemaker/training-job.ts';
import { CreateTransformJobRequest, TransformJobName } from '#core/sagemaker/transform-job.ts';
import { parseRequest } from '#core/sagemaker/validation.ts';
import {
  fullRequest,
  keysOf,
  type MemberFacts,
  readApiFacts,
  setAt,
} from '../../../fixtures/sagemaker-api/api-facts.ts';

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  CreateTransformJob: CreateTransformJobRequest,
  DescribeTransformJob: TransformJobName,
  StopTransformJob: TransformJobName,
  CreateModel: CreateModelRequest,
  DescribeModel: ModelName,
  DeleteModel: ModelName,
  ListModels: ListModelsRequest,
  CreateEndpointConfig: CreateEndpointConfigRequest,
  DescribeEndpointConfig: EndpointConfigName,
  DeleteEndpointConfig: EndpointConfigName,
  ListEndpointConfigs: ListEndpointConfigsRequest,
  CreateEndpoint: CreateEndpointRequest,
  DescribeEndpoint: EndpointName,
  UpdateEndpoint: UpdateEndpointRequest,
  UpdateEndpointWeightsAndCapacities: UpdateEndpointWeightsAndCapacitiesRequest,
  DeleteEndpoint: EndpointName,
  ListEndpoints: ListEndpointsRequest,
  AddTags: AddTagsRequest,
  ListTags: ListTagsRequest,
  DeleteTags: DeleteTagsRequest,
  ListTransformJobs: ListTransformJobsRequest,
  CreateTrainingJob: CreateTrainingJobRequest,
  DescribeTrainingJob: TrainingJobName,
  StopTrainingJob: TrainingJobName,
  ListTrainingJobs: ListTrainingJobsRequest,
};

/** Members that this package takes in another form than the service, or not at all. docs/local-differences.md. */
const WITHOUT = /^(WarmPoolStatusEquals|TrainingPlanArnEquals)$/;
/** Members of CreateTrainingJob that are refused by name, whatever is in them. */
const REFUSED_BY_NAME =
  /^(DebugRuleConfigurations|TensorBoardOutputConfig|ExperimentConfig|RetryStrategy|RemoteDebugConfig|InfraCheckConfig|SessionChainingConfig|ServerlessJobConfig|MlflowConfig|ModelPackageConfig|AlgorithmSpecification\.(Container\w+|TrainingImageConfig)|ResourceConfig\.(InstanceGroups|TrainingPlanArn|InstancePlacementConfig)|InputDataConfig\[\]\.DataSource\.(S3DataSource\.(ModelAccessConfig|HubAccessConfig)|FileSystemDataSource|DatasetSource))\b/;
const ANY_VALUE = /InstanceType$|InferenceAmiVersion$|ModelPackageName$|ExplainerConfig$/;
/** The shape is that of training's channels, too; for batch transform the documentation excludes the value. */
const NOT_HERE = {
  operation: 'CreateTransformJob',
  shape: 'S3DataType',
  values: ['AugmentedManifestFile', 'Converse'],
};

const FACTS = readApiFacts()
  .filter(({ member }) => !WITHOUT.test(member))
  .filter(({ operation, member }) => operation !== 'CreateTrainingJob' || !REFUSED_BY_NAME.test(member))
  .map((fact) =>
    fact.shape === NOT_HERE.shape && fact.operation === NOT_HERE.operation
      ? { ...fact, enum: fact.enum.filter((one) => !NOT_HERE.values.includes(one)) }
      : fact,
  );
const factsOf = (operation: string): MemberFacts[] => FACTS.filter((fact) => fact.operation === operation);

function requestOf(operation: string): unknown {
  return fullRequest(factsOf(operation));
}

function requestWith(fact: MemberFacts, value: unknown): unknown {
  const request = requestOf(fact.operation);
  setAt(request, fact.member, value);
  return request;
}

function refusalOf(operation: string, request: unknown): TwinvecError | undefined {
  try {
    parseRequest(SCHEMAS[operation]!, request);
    return undefined;
  } catch (error) {
    if (error instanceof TwinvecError) return error;
    throw error;
  }
}

/** As the service names a member: `productionVariants.1.member.modelName`. */
function pathOf(member: string): string {
  return keysOf(member.replace(/\{.*$/, ''))
    .map((key) => (typeof key === 'number' ? `${key + 1}.member` : key.charAt(0).toLowerCase() + key.slice(1)))
    .join('.');
}

interface Violation {
  readonly what: string;
  readonly value: unknown;
  readonly constraint: string;
}

function violationsOf(fact: MemberFacts): Violation[] {
  const { type, min, max, pattern, required, enum: values, member } = fact;
  const found: Violation[] = [];
  const isNumber = type === 'integer' || type === 'float';
  const noun = isNumber ? 'value' : 'length';
  const isPartOfMap = member.endsWith('}');
  if (required && !isPartOfMap && !member.endsWith('[]')) {
    found.push({ what: 'is absent', value: undefined, constraint: 'Member must not be null' });
    found.push({ what: 'is null', value: null, constraint: 'Member must not be null' });
  }
  if (max !== undefined) {
    const value = isNumber ? max + 1 : sized(fact, max + 1);
    const constraint = `Member must have ${noun} less than or equal to ${max}`;
    found.push({ what: `is over ${max}`, value, constraint });
  }
  if (min !== undefined && (min > 0 || isNumber)) {
    const value = isNumber ? min - 1 : sized(fact, min - 1);
    const constraint = `Member must have ${noun} greater than or equal to ${min}`;
    found.push({ what: `is under ${min}`, value, constraint });
  }
  if (pattern !== undefined && pattern !== '[\\S\\s]*') {
    const constraint = `Member must satisfy regular expression pattern: ${pattern.replaceAll('\\/', '/')}`;
    found.push({ what: 'does not match', value: '\n', constraint });
  }
  if (values.length > 0 && !ANY_VALUE.test(member)) {
    const constraint = `Member must satisfy enum value set: [${values.join(', ')}]`;
    found.push({ what: 'is not one of the values', value: 'Surprise', constraint });
  }
  return found;
}

function sized({ operation, type, member }: MemberFacts, length: number): unknown {
  if (type === 'map') return Object.fromEntries(Array.from({ length }, (_, index) => [`A${index}`, '']));
  if (type !== 'list') return 'a'.repeat(length);
  const first = keysOf(member).reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], requestOf(operation));
  return Array.from({ length }, () => (first as unknown[])[0]);
}

const CHECKED = FACTS.filter(({ member }) => !/ModelPackageName/.test(member));
const REFUSED = CHECKED.flatMap((fact) => violationsOf(fact).map((violation) => ({ fact, ...violation }))).filter(
  ({ fact, what }) => !ANY_VALUE.test(fact.member) || what === 'is absent',
);

it('has a schema for every operation of the API facts, and no other', () => {
  const operations = new Set(readApiFacts().map(({ operation }) => operation));
  expect(Object.keys(SCHEMAS).sort()).toEqual([...operations].sort());
});

describe.each(Object.keys(SCHEMAS))('%s', (operation) => {
  it('takes a request with every member of the API model', () => {
    expect(factsOf(operation).length).toBeGreaterThan(0);
    expect(refusalOf(operation, requestOf(operation))?.message).toBeUndefined();
  });

  it('refuses a member that the API model does not have', () => {
    const request = { ...(requestOf(operation) as object), Surprise: 1 };
    expect(refusalOf(operation, request)?.message).toBe(
      '1 validation error detected: Surprise is not a field of this request',
    );
  });
});

describe('a member that breaks a constraint of the API model is refused in the service’s words', () => {
  it('covers the API model', () => {
    expect(REFUSED.length).toBeGreaterThan(400);
  });

  it.each(REFUSED)('$fact.operation: $fact.member $what', ({ fact, value, constraint }) => {
    // Act
    const refusal = refusalOf(fact.operation, requestWith(fact, value));

    // Assess
    expect(refusal?.code).toBe('ValidationFailed');
    const [, part] = /\{(key|value)\}$/.exec(fact.member) ?? [];
    const stated = part ? `Map ${part === 'key' ? 'keys' : 'value'} must satisfy constraint: [` : constraint;
    expect(refusal?.message).toContain(` at '${pathOf(fact.member)}' failed to satisfy constraint: ${stated}`);
    expect(refusal?.message).toContain(constraint);
    expect(refusal?.message).toMatch(/^\d+ validation errors? detected: Value /);
  });
});

describe('a value at the edge of its range is taken', () => {
  const edgesOf = (fact: MemberFacts): (number | string)[] => {
    const isNumber = fact.type === 'integer' || fact.type === 'float';
    return isNumber ? [fact.min, fact.max].filter((edge) => edge !== undefined) : [...fact.enum];
  };

  it.each(CHECKED.filter((fact) => edgesOf(fact).length > 0))('$operation: $member', (fact) => {
    const refused = edgesOf(fact).filter((value) => refusalOf(fact.operation, requestWith(fact, value)));
    expect(refused).toEqual([]);
  });
});

describe('a member of another JSON type is a serialization error', () => {
  const WRONG: Readonly<Record<MemberFacts['type'], readonly (readonly [unknown, string])[]>> = {
    string: [
      [5, 'NUMBER_VALUE can not be converted to a String'],
      [true, 'TRUE_VALUE can not be converted to a String'],
      [{ a: 1 }, 'Start of structure or map found where not expected.'],
      [['a'], 'Start of list found where not expected.'],
    ],
    integer: [
      ['1', 'STRING_VALUE can not be converted to an Integer'],
      [{}, 'Start of structure or map found where not expected.'],
    ],
    float: [['1', 'STRING_VALUE can not be converted to an Integer']],
    timestamp: [['now', 'STRING_VALUE can not be converted to an Integer']],
    boolean: [['true', 'STRING_VALUE can not be converted to a Boolean']],
    structure: [['a', 'Unexpected field type']],
    list: [['a', 'Unexpected field type']],
    map: [['a', 'Unexpected field type']],
  };
  const plain = FACTS.filter(({ enum: values, member }) => values.length === 0 && !member.endsWith('{key}'));

  it.each(plain.flatMap((fact) => WRONG[fact.type].map(([value, message]) => ({ fact, value, message }))))(
    '$fact.operation: $fact.member is $value',
    ({ fact, value, message }) => {
      const refusal = refusalOf(fact.operation, requestWith(fact, value));
      expect(refusal).toMatchObject({ code: 'MalformedBody', message });
    },
  );
});

describe('several problems of one request', () => {
  it('are all told, numbered', () => {
    const request = {
      ModelName: 'a_b',
      PrimaryContainer: { ModelDataUrl: 'nowhere', Mode: 'Many' },
      Containers: [{ Image: '' }],
    };

    expect(refusalOf('CreateModel', request)?.message).toBe(
      "4 validation errors detected: Value 'a_b' at 'modelName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?; " +
        "Value 'Many' at 'primaryContainer.mode' failed to satisfy constraint: Member must satisfy enum value set: [SingleModel, MultiModel]; " +
        "Value 'nowhere' at 'primaryContainer.modelDataUrl' failed to satisfy constraint: Member must satisfy regular expression pattern: (https|s3)://([^/]+)/?(.*); " +
        "Value '' at 'containers.1.member.image' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\S]+",
    );
  });
});
