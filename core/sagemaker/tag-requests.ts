/** AddTags, ListTags and DeleteTags, with the API model's ranges. */
import * as z from 'zod';
import { matching, TagKey, Tags } from './fields.ts';

const ResourceArn = matching('arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:.+').max(256);

export const AddTagsRequest = z.strictObject({ ResourceArn, Tags });
export const ListTagsRequest = z.strictObject({
  ResourceArn,
  NextToken: matching('.*').max(8192).optional(),
  MaxResults: z.int().min(50).default(50),
});
export const DeleteTagsRequest = z.strictObject({ ResourceArn, TagKeys: z.array(TagKey).min(1).max(50) });
