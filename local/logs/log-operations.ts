/**
 * CloudWatch Logs as far as clients of SageMaker use it: the Python SDK follows a job with DescribeLogStreams and
 * GetLogEvents, `aws logs tail` follows an endpoint with FilterLogEvents. The answers come from the files of the log folder.
 */
import * as z from 'zod';
import { parseRequest } from '#core/sagemaker/validation.ts';
import { AwsError } from '../control-plane/aws-error.ts';
import { LOCAL_ACCOUNT } from '../control-plane/caller.ts';
import type { Operations } from '../control-plane/operations.ts';
import { isPlainName, type LogStream, listLogStreams } from './log-groups.ts';
import { type EventsPage, readEvents, readLastEvents } from './read-events.ts';

const LogName = z.string().min(1).max(512).refine(isPlainName, 'Member must be a plain name');
const Time = z.int().min(0);
const Token = z.string().min(1).max(512);

const DescribeLogStreamsRequest = z.strictObject({
  logGroupName: LogName,
  logStreamNamePrefix: LogName.optional(),
  orderBy: z.enum(['LogStreamName', 'LastEventTime']).default('LogStreamName'),
  descending: z.boolean().default(false),
  nextToken: Token.optional(),
  limit: z.int().min(1).max(50).default(50),
});

const GetLogEventsRequest = z.strictObject({
  logGroupName: LogName,
  logStreamName: LogName,
  startTime: Time.optional(),
  endTime: Time.optional(),
  nextToken: Token.optional(),
  limit: z.int().min(1).max(10_000).default(10_000),
  startFromHead: z.boolean().default(false),
  unmask: z.boolean().optional(),
});

const FilterLogEventsRequest = z.strictObject({
  logGroupName: LogName,
  logStreamNames: z.array(LogName).min(1).max(100).optional(),
  logStreamNamePrefix: LogName.optional(),
  startTime: Time.optional(),
  endTime: Time.optional(),
  filterPattern: z.string().max(1024).optional(),
  nextToken: Token.optional(),
  limit: z.int().min(1).max(10_000).default(10_000),
  interleaved: z.boolean().optional(),
  unmask: z.boolean().optional(),
});

export function createLogOperations(logFolder: string): Operations {
  async function streamsOf(group: string): Promise<readonly LogStream[]> {
    const streams = await listLogStreams(logFolder, group);
    if (!streams) throw notFound('The specified log group does not exist.');
    return streams;
  }

  async function describeStreams(body: unknown, { region }: { readonly region: string }) {
    const request = parseRequest(DescribeLogStreamsRequest, body);
    const { logGroupName: group, logStreamNamePrefix: prefix = '' } = request;
    const matching = (await streamsOf(group)).filter(({ name }) => name.startsWith(prefix));
    const ordered =
      request.orderBy === 'LogStreamName' ? matching : matching.toSorted((a, b) => a.lastWrittenMs - b.lastWrittenMs);
    const all = request.descending ? ordered.toReversed() : ordered;
    const start = offsetOf(request.nextToken, 'n') ?? 0;
    const end = start + request.limit;
    return {
      logStreams: all.slice(start, end).map(({ name, createdMs, lastWrittenMs, bytes }) => ({
        logStreamName: name,
        creationTime: createdMs,
        firstEventTimestamp: createdMs,
        lastEventTimestamp: lastWrittenMs,
        lastIngestionTime: lastWrittenMs,
        arn: `arn:aws:logs:${region}:${LOCAL_ACCOUNT}:log-group:${group}:log-stream:${name}`,
        storedBytes: bytes,
      })),
      ...(end < all.length ? { nextToken: `n/${end}` } : {}),
    };
  }

  async function getEvents(body: unknown) {
    const request = parseRequest(GetLogEventsRequest, body);
    const stream = (await streamsOf(request.logGroupName)).find(({ name }) => name === request.logStreamName);
    if (!stream) throw notFound('The specified log stream does not exist.');
    const page = await pageOf(stream, request);
    const { startTime = 0, endTime = Number.POSITIVE_INFINITY } = request;
    return {
      events: page.events
        .filter(({ timestamp }) => timestamp >= startTime && timestamp < endTime)
        .map((event) => ({ ...event, ingestionTime: event.timestamp })),
      nextForwardToken: `f/${page.end}`,
      nextBackwardToken: `b/${page.start}`,
    };
  }

  /** Stream after stream; the token is the number of the stream and an offset in it. */
  async function filterEvents(body: unknown) {
    const request = parseRequest(FilterLogEventsRequest, body);
    const { logStreamNames: names, logStreamNamePrefix: prefix = '' } = request;
    const { startTime = 0, endTime = Number.POSITIVE_INFINITY } = request;
    const terms = termsOf(request.filterPattern ?? '');
    const streams = (await streamsOf(request.logGroupName)).filter(
      ({ name }) => name.startsWith(prefix) && (!names || names.includes(name)),
    );
    const [at, offset] = placeOf(request.nextToken);
    const stream = streams[at];
    if (!stream) return { events: [], searchedLogStreams: [] };
    const page = await readEvents(stream.file, offset, request.limit, stream.createdMs);
    const atEnd = page.end === offset || page.end >= stream.bytes;
    const nextToken = atEnd ? (at + 1 < streams.length ? `s/${at + 1}/0` : undefined) : `s/${at}/${page.end}`;
    return {
      events: page.events
        .filter(({ timestamp, message }) => timestamp >= startTime && timestamp <= endTime && matches(message, terms))
        .map(({ timestamp, message }, line) => ({
          logStreamName: stream.name,
          timestamp,
          message,
          ingestionTime: timestamp,
          eventId: `${stream.name}/${offset}/${line}`,
        })),
      searchedLogStreams: [],
      ...(nextToken === undefined ? {} : { nextToken }),
    };
  }

  return {
    service: 'Logs_20140328',
    operations: { DescribeLogStreams: describeStreams, GetLogEvents: getEvents, FilterLogEvents: filterEvents },
  };
}

function pageOf(stream: LogStream, request: z.infer<typeof GetLogEventsRequest>): Promise<EventsPage> {
  const { nextToken, limit, startFromHead } = request;
  const forward = offsetOf(nextToken, 'f') ?? (startFromHead ? 0 : undefined);
  if (forward !== undefined) return readEvents(stream.file, forward, limit, stream.createdMs);
  return readLastEvents(stream.file, offsetOf(nextToken, 'b') ?? stream.bytes, limit, stream.createdMs);
}

/** Undefined for no token, or one of another direction. */
function offsetOf(token: string | undefined, kind: 'n' | 'f' | 'b'): number | undefined {
  if (token === undefined) return undefined;
  const [, found, offset] = /^([nfb])\/(\d+)$/.exec(token) ?? [];
  if (offset === undefined) throw invalid('The specified nextToken is invalid.');
  return found === kind ? Number(offset) : undefined;
}

function placeOf(token: string | undefined): [number, number] {
  if (token === undefined) return [0, 0];
  const [, at, offset] = /^s\/(\d+)\/(\d+)$/.exec(token) ?? [];
  if (at === undefined || offset === undefined) throw invalid('The specified nextToken is invalid.');
  return [Number(at), Number(offset)];
}

/** Words and "quoted phrases", all of which must be there; the other patterns of CloudWatch are refused. */
function termsOf(pattern: string): readonly string[] {
  if (/^\s*[{[]|[?%]|(^|\s)-/.test(pattern)) {
    throw invalid('The local service filters by words and "quoted phrases" only.');
  }
  return [...pattern.matchAll(/"([^"]*)"|(\S+)/g)].map(([, phrase, word]) => phrase ?? word ?? '');
}

function matches(message: string, terms: readonly string[]): boolean {
  return terms.every((term) => message.includes(term));
}

function notFound(message: string): AwsError {
  return new AwsError('ResourceNotFoundException', message);
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
