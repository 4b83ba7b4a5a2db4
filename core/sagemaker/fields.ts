/** Fields that several SageMaker requests share, with the API model's own ranges (spec sagemaker 1.1, 2.2). */
import * as z from 'zod';
import { textMap } from './text-map.ts';

/**
 * A text that matches a pattern of the API model as a whole.
 *
 * @param pattern without anchors, as it stands in the model and in the service's messages
 */
export function matching(pattern: string): z.ZodString {
  return z.string().regex(new RegExp(`^(?:${pattern})$`, 'u'));
}

export const Name = matching('[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}').max(63);
export const ModelNameText = matching('[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?').max(63);
export const S3UriText = matching('(https|s3)://([^/]+)/?(.*)').max(1024);
export const KmsKeyId = matching('[a-zA-Z0-9:/_-]*').max(2048);
/** The service knows a list, which grows; here any text of its form will do. */
export const InstanceType = matching('ml\\.[a-z0-9-]+\\.[a-z0-9-]+');
export const RoleArn = matching('arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+').min(20).max(2048);

const TAG_TEXT = '([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)';
export const TagKey = matching(TAG_TEXT).min(1).max(128);
export const TagValue = matching(TAG_TEXT).max(256);
export const Tag = z.strictObject({ Key: TagKey, Value: TagValue });
export type Tag = z.infer<typeof Tag>;
export const Tags = z.array(Tag).max(50);

export const VpcConfig = z.strictObject({
  SecurityGroupIds: z.array(matching('[-0-9a-zA-Z]+').max(32)).min(1).max(5),
  Subnets: z.array(matching('[-0-9a-zA-Z]+').max(32)).min(1).max(16),
});

/** Variables of a model's container. */
export const ModelEnvironment = textMap({
  maxEntries: 100,
  key: { maxLength: 1024, pattern: '[a-zA-Z_][a-zA-Z0-9_]*' },
  value: { maxLength: 1024 },
});

/** Variables of a transform job, set over the model's. */
export const TransformEnvironment = textMap({
  maxEntries: 16,
  key: { maxLength: 1024, pattern: '[a-zA-Z_][a-zA-Z0-9_]{0,1023}' },
  value: { maxLength: 10_240 },
});

/** Variables of a training job. */
export const TrainingEnvironment = textMap({
  maxEntries: 100,
  key: { maxLength: 512, pattern: '[a-zA-Z_][a-zA-Z0-9_]*' },
  value: { maxLength: 512 },
});

export const HyperParameters = textMap({
  maxEntries: 100,
  key: { maxLength: 256, pattern: '.*' },
  value: { maxLength: 2500, pattern: '.*' },
});
