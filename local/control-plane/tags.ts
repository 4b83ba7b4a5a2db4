/** AddTags, ListTags and DeleteTags, for every kind of resource. Tags are part of the record that they belong to. */
import type { Tag } from '#core/sagemaker/fields.ts';
import { AddTagsRequest, DeleteTagsRequest, ListTagsRequest } from '#core/sagemaker/tag-requests.ts';
import { parseRequest } from '#core/sagemaker/validation.ts';
import { RESOURCE_KINDS, type Resource } from '../state/resource.ts';
import type { ResourceStore } from '../state/resource-store.ts';
import type { State } from '../state/state.ts';
import { validationException } from './aws-error.ts';
import { LOCAL_ACCOUNT } from './caller.ts';
import { notFound } from './not-found.ts';
import type { Operations } from './operations.ts';

const MAX_TAGS = 50;
const ARN = /^arn:[^:]+:sagemaker:([^:]*):(\d{12}):([^/]+)\/(.+)$/;

interface Tagged {
  readonly store: ResourceStore<Resource>;
  readonly resource: Resource;
}

export function createTags(state: State): Operations {
  /** @throws AwsError ValidationException when the ARN is not of a resource of this region. */
  function find(arn: string, callerRegion: string): Tagged {
    const [, region, account, kindName, name = ''] = ARN.exec(arn) ?? [];
    const kind = RESOURCE_KINDS.find((one) => one === kindName);
    if (!kind) throw validationException(`"${arn}" is not the ARN of a ${RESOURCE_KINDS.join(', ')}.`);
    const isHere = region === callerRegion && account === LOCAL_ACCOUNT;
    const store = isHere ? state.ofKind(kind) : undefined;
    const resource = store?.find({ region: callerRegion, name });
    if (!store || !resource) throw notFound(kind, region ?? callerRegion, name);
    return { store, resource };
  }

  return {
    operations: {
      AddTags(body, { region }) {
        const request = parseRequest(AddTagsRequest, body);
        const { store, resource } = find(request.ResourceArn, region);
        const tags = withTags(resource.tags, request.Tags);
        store.update(resource, { tags });
        return { Tags: tags };
      },
      ListTags(body, { region }) {
        const { ResourceArn, MaxResults, NextToken = '0' } = parseRequest(ListTagsRequest, body);
        const { tags } = find(ResourceArn, region).resource;
        const start = Number(NextToken);
        if (!Number.isInteger(start) || start < 0) {
          throw validationException('NextToken is not one that this service gave.');
        }
        const end = start + MaxResults;
        return { Tags: tags.slice(start, end), ...(end < tags.length ? { NextToken: String(end) } : {}) };
      },
      DeleteTags(body, { region }) {
        const { ResourceArn, TagKeys } = parseRequest(DeleteTagsRequest, body);
        const { store, resource } = find(ResourceArn, region);
        store.update(resource, { tags: resource.tags.filter(({ Key }) => !TagKeys.includes(Key)) });
        return {};
      },
    },
  };
}

/** A key that is there gets the new value and keeps its place. */
function withTags(old: readonly Tag[], added: readonly Tag[]): Tag[] {
  const values = new Map([...old, ...added].map(({ Key, Value }) => [Key, Value]));
  if (values.size > MAX_TAGS)
    throw validationException(`A resource may have ${MAX_TAGS} tags; this would make ${values.size}.`);
  return [...values].map(([Key, Value]) => ({ Key, Value }));
}
