/** CreateModel: one container, or up to 15 in a pipeline, with the API model's ranges (spec sagemaker 1.1, 1.6). */
import * as z from 'zod';
import { ModelEnvironment, ModelNameText, matching, Name, RoleArn, S3UriText, Tags, VpcConfig } from './fields.ts';
import { refuse } from './validation.ts';

const S3DataSource = z.strictObject({
  S3Uri: S3UriText,
  S3DataType: z.enum(['S3Prefix', 'S3Object']),
  CompressionType: z.enum(['None', 'Gzip']),
  ModelAccessConfig: z.strictObject({ AcceptEula: z.boolean() }).optional(),
  HubAccessConfig: z.strictObject({ HubContentArn: matching('.*').max(255) }).optional(),
  ManifestS3Uri: S3UriText.optional(),
  ETag: z.string().optional(),
  ManifestEtag: z.string().optional(),
});

export const ContainerDefinition = z.strictObject({
  ContainerHostname: Name.optional(),
  /** Kept and described; the local service always starts this package's own server. */
  Image: matching('[\\S]+').max(255).optional(),
  ImageConfig: z
    .strictObject({
      RepositoryAccessMode: z.enum(['Platform', 'Vpc']),
      RepositoryAuthConfig: z
        .strictObject({ RepositoryCredentialsProviderArn: matching('.*').min(1).max(2048) })
        .optional(),
    })
    .optional(),
  Mode: z.enum(['SingleModel', 'MultiModel']).optional(),
  ModelDataUrl: S3UriText.optional(),
  ModelDataSource: z.strictObject({ S3DataSource: S3DataSource.optional() }).optional(),
  AdditionalModelDataSources: z
    .array(
      z.strictObject({
        ChannelName: matching('[A-Za-z0-9\\.\\-_]+').min(1).max(64),
        S3DataSource,
      }),
    )
    .max(5)
    .optional(),
  Environment: ModelEnvironment.optional(),
  ModelPackageName: z.string().min(1).max(176).optional(),
  InferenceSpecificationName: Name.min(1).optional(),
  MultiModelConfig: z.strictObject({ ModelCacheSetting: z.enum(['Enabled', 'Disabled']).optional() }).optional(),
});

export type ContainerDefinition = z.infer<typeof ContainerDefinition>;

export const CreateModelRequest = z.strictObject({
  ModelName: ModelNameText,
  PrimaryContainer: ContainerDefinition.optional(),
  Containers: z.array(ContainerDefinition).max(15).optional(),
  InferenceExecutionConfig: z.strictObject({ Mode: z.enum(['Serial', 'Direct']) }).optional(),
  ExecutionRoleArn: RoleArn.optional(),
  VpcConfig: VpcConfig.optional(),
  EnableNetworkIsolation: z.boolean().optional(),
  Tags: Tags.optional(),
});

export type CreateModelRequest = z.infer<typeof CreateModelRequest>;

export const ModelName = z.strictObject({ ModelName: ModelNameText });

/** All environments of a model together (AWS docs, ContainerDefinition.Environment). */
const ENVIRONMENT_BYTES = 32 * 1024;

/** In the order in which a serial pipeline calls them. */
export function containersOf(model: CreateModelRequest): readonly ContainerDefinition[] {
  return model.PrimaryContainer ? [model.PrimaryContainer] : (model.Containers ?? []);
}

/** Where a container's model is, whichever field says so; undefined when the container has none. */
export function modelDataOf(container: ContainerDefinition): ModelData | undefined {
  const { ModelDataUrl: url, ModelDataSource: source, Mode: mode } = container;
  if (mode === 'MultiModel' && url !== undefined) return { uri: url, layout: 'prefix-of-archives' };
  if (url !== undefined) return { uri: url, layout: 'archive' };
  const from = source?.S3DataSource;
  if (!from) return undefined;
  if (from.S3DataType === 'S3Prefix') return { uri: from.S3Uri, layout: 'prefix-of-files' };
  return { uri: from.S3Uri, layout: from.CompressionType === 'Gzip' ? 'archive' : 'file' };
}

export interface ModelData {
  readonly uri: string;
  /** What lies there: a .tar.gz, files below a prefix, one file, or below a prefix one .tar.gz for each model. */
  readonly layout: 'archive' | 'prefix-of-files' | 'file' | 'prefix-of-archives';
}

/** @throws TwinvecError ValidationFailed for a rule between fields that the model breaks. */
export function checkModel(model: CreateModelRequest): void {
  const { PrimaryContainer: primary, Containers: containers = [] } = model;
  if (primary && containers.length > 0) throw refuse('PrimaryContainer and Containers cannot be given together.');
  const all = containersOf(model);
  if (all.length === 0) throw refuse('Either PrimaryContainer or Containers must be given.');
  all.forEach(checkContainer);
  const hostnames = all.flatMap(({ ContainerHostname: name }) => name ?? []);
  const twice = hostnames.find((name, at) => hostnames.indexOf(name) !== at);
  if (twice !== undefined) throw refuse(`Container hostnames must be unique; "${twice}" is there twice.`);
  if (model.InferenceExecutionConfig?.Mode === 'Direct' && hostnames.length < all.length) {
    throw refuse('Every container of a model with InferenceExecutionConfig.Mode Direct needs a ContainerHostname.');
  }
  const environmentBytes = Buffer.byteLength(JSON.stringify(all.map(({ Environment }) => Environment ?? {})));
  if (environmentBytes > ENVIRONMENT_BYTES) {
    throw refuse(
      `The environments of all containers may have ${ENVIRONMENT_BYTES} bytes, these have ${environmentBytes}.`,
    );
  }
}

function checkContainer(container: ContainerDefinition): void {
  const { ModelDataUrl: url, ModelDataSource: source, ModelPackageName: modelPackage, Mode: mode } = container;
  if (modelPackage !== undefined) throw refuse('ModelPackageName: the local service has no model packages.');
  if (url !== undefined && source) throw refuse('ModelDataUrl and ModelDataSource cannot be given together.');
  if (mode === 'MultiModel' && url === undefined) {
    throw refuse('A container in MultiModel mode needs ModelDataUrl: the prefix below which its models lie.');
  }
}
