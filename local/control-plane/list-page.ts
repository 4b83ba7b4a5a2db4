/**
 * One page of a List call: filtered, sorted and cut as the service does. The token holds the last item of the page, not
 * its position, so that what is made or deleted in between moves nothing into two pages or out of all.
 */
import * as z from 'zod';
import type { ListRequest } from '#core/sagemaker/list-requests.ts';
import { validationException } from './aws-error.ts';

export interface Listed {
  readonly name: string;
  readonly createdAt: Date;
  readonly modifiedAt?: Date;
  readonly status?: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly NextToken?: string;
}

type Order = Pick<ListRequest, 'SortBy' | 'SortOrder'>;

/** Where an item stands in the order; equal texts and times are told apart by the name. */
const Place = z.tuple([z.union([z.string(), z.number()]), z.string()]);
type Place = z.infer<typeof Place>;

export function listPage<Item extends Listed>(all: Iterable<Item>, request: ListRequest): Page<Item> {
  const after = request.NextToken === undefined ? undefined : readToken(request.NextToken, request);
  const rest = [...all]
    .filter((item) => matches(item, request))
    .map((item) => ({ item, place: placeOf(item, request) }))
    .filter(({ place }) => after === undefined || compare(place, after, request) > 0)
    .sort((a, b) => compare(a.place, b.place, request));
  const page = rest.slice(0, request.MaxResults);
  const last = page.at(-1);
  const items = page.map(({ item }) => item);
  return last && rest.length > page.length ? { items, NextToken: writeToken(last.place, request) } : { items };
}

function matches({ name, status, createdAt, modifiedAt = createdAt }: Listed, request: ListRequest): boolean {
  return (
    (request.NameContains === undefined || name.includes(request.NameContains)) &&
    (request.StatusEquals === undefined || status === request.StatusEquals) &&
    isBetween(createdAt, request.CreationTimeAfter, request.CreationTimeBefore) &&
    isBetween(modifiedAt, request.LastModifiedTimeAfter, request.LastModifiedTimeBefore)
  );
}

function isBetween(date: Date, after: number | undefined, before: number | undefined): boolean {
  const at = seconds(date);
  return (after === undefined || at > after) && (before === undefined || at < before);
}

function placeOf(item: Listed, { SortBy: by }: Order): Place {
  if (by === 'CreationTime') return [item.createdAt.getTime(), item.name];
  return [by === 'Name' ? item.name : (item.status ?? ''), item.name];
}

function compare(a: Place, b: Place, { SortOrder: order }: Order): number {
  const ascending = a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
  return order === 'Ascending' ? ascending : -ascending;
}

function writeToken(place: Place, { SortBy, SortOrder }: Order): string {
  return Buffer.from(JSON.stringify([SortBy, SortOrder, place])).toString('base64url');
}

function readToken(token: string, { SortBy, SortOrder }: Order): Place {
  try {
    const text = Buffer.from(token, 'base64url').toString('utf8');
    return z.tuple([z.literal(SortBy), z.literal(SortOrder), Place]).parse(JSON.parse(text))[2];
  } catch {
    throw validationException('NextToken is not one that this service gave for a request of the same order.');
  }
}

/** Timestamps of AWS JSON 1.1 are seconds. */
export function seconds(date: Date): number {
  return date.getTime() / 1000;
}
