/**
 * Settings of SageMaker Debugger and Profiler in CreateTrainingJob. They have no effect here, but the Python SDK sends
 * them without being asked, so they are checked and described as the service does.
 */
import * as z from 'zod';
import { InstanceType, matching, S3UriText } from './fields.ts';
import { textMap } from './text-map.ts';

const LocalPath = matching('.*').max(4096);
const ConfigKey = { minLength: 1, maxLength: 256, pattern: '.*' };
const parameters = (maxEntries: number) =>
  textMap({ maxEntries, key: ConfigKey, value: { maxLength: 256, pattern: '.*' } });

export const DebugHookConfig = z.strictObject({
  LocalPath: LocalPath.optional(),
  S3OutputPath: S3UriText,
  HookParameters: parameters(20).optional(),
  CollectionConfigurations: z
    .array(
      z.strictObject({
        CollectionName: matching('.*').min(1).max(256).optional(),
        CollectionParameters: parameters(20).optional(),
      }),
    )
    .max(20)
    .optional(),
});

export const ProfilerConfig = z.strictObject({
  S3OutputPath: S3UriText.optional(),
  ProfilingIntervalInMilliseconds: z.int().optional(),
  ProfilingParameters: parameters(20).optional(),
  DisableProfiler: z.boolean().optional(),
});

export const RuleConfiguration = z.strictObject({
  RuleConfigurationName: matching('.*').min(1).max(256),
  LocalPath: LocalPath.optional(),
  S3OutputPath: S3UriText.optional(),
  RuleEvaluatorImage: matching('.*').max(255),
  InstanceType: InstanceType.optional(),
  VolumeSizeInGB: z.int().min(0).optional(),
  RuleParameters: parameters(100).optional(),
});
