/** The filters and pages of the List calls, each with what its kind can be sorted and filtered by. */
import * as z from 'zod';
import { ENDPOINT_STATUSES } from './endpoint-requests.ts';
import { matching } from './fields.ts';

/** Seconds since 1970, with a fraction: how AWS JSON 1.1 writes a time. */
const Timestamp = z.number();
const JOB_NAME_PATTERN = '[a-zA-Z0-9\\-]+';
const JOB_STATUSES = ['InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped'] as const;

interface ListRules {
  /** As the API model writes it for the kind. @default '[a-zA-Z0-9-]+' */
  readonly namePattern?: string;
  readonly sortBy: readonly ['Name', 'CreationTime', ...'Status'[]];
  /** @default 'Descending' */
  readonly sortOrder?: 'Ascending' | 'Descending';
  /** @default none: the kind has no status to filter by */
  readonly statuses?: readonly string[];
}

/** What every List call may say. Fields that a kind does not have are refused by name. */
export interface ListRequest {
  readonly MaxResults: number;
  readonly NextToken?: string | undefined;
  readonly NameContains?: string | undefined;
  readonly CreationTimeAfter?: number | undefined;
  readonly CreationTimeBefore?: number | undefined;
  readonly LastModifiedTimeAfter?: number | undefined;
  readonly LastModifiedTimeBefore?: number | undefined;
  readonly StatusEquals?: string | undefined;
  readonly SortBy: 'Name' | 'CreationTime' | 'Status';
  readonly SortOrder: 'Ascending' | 'Descending';
}

function listRequest(rules: ListRules): z.ZodType<ListRequest> {
  const { namePattern = '[a-zA-Z0-9-]+', sortBy, sortOrder = 'Descending', statuses } = rules;
  const common = z.strictObject({
    MaxResults: z.int().min(1).max(100).default(10),
    NextToken: matching('.*').max(8192).optional(),
    NameContains: matching(namePattern).max(63).optional(),
    CreationTimeAfter: Timestamp.optional(),
    CreationTimeBefore: Timestamp.optional(),
    SortBy: z.enum(sortBy).default('CreationTime'),
    SortOrder: z.enum(['Ascending', 'Descending']).default(sortOrder),
  });
  if (!statuses) return common;
  return common.extend({
    LastModifiedTimeAfter: Timestamp.optional(),
    LastModifiedTimeBefore: Timestamp.optional(),
    StatusEquals: z.enum(statuses as readonly [string, ...string[]]).optional(),
  });
}

export const ListModelsRequest = listRequest({ sortBy: ['Name', 'CreationTime'] });
export const ListEndpointConfigsRequest = listRequest({ sortBy: ['Name', 'CreationTime'] });
export const ListEndpointsRequest = listRequest({
  sortBy: ['Name', 'CreationTime', 'Status'],
  statuses: ENDPOINT_STATUSES,
});
export const ListTransformJobsRequest = listRequest({
  namePattern: JOB_NAME_PATTERN,
  sortBy: ['Name', 'CreationTime', 'Status'],
  statuses: JOB_STATUSES,
});
export const ListTrainingJobsRequest = listRequest({
  namePattern: JOB_NAME_PATTERN,
  sortBy: ['Name', 'CreationTime', 'Status'],
  sortOrder: 'Ascending',
  statuses: [...JOB_STATUSES, 'Deleting'],
});
