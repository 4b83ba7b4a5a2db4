/**
 * Requests of the SageMaker API, checked by a schema and refused in the service's own wording, all problems in one
 * message: "2 validation errors detected: Value ... at '...' failed to satisfy constraint: Member must ...".
 */
import type * as z from 'zod';
import { TwinvecError } from '#core/errors.ts';
import { withoutNulls, wrongTypeMessage } from './json-types.ts';

/**
 * Members that are null count as absent, as they do for the service.
 *
 * @throws TwinvecError ValidationFailed with the service's message, or MalformedBody for a member of another JSON type.
 */
export function parseRequest<T>(schema: z.ZodType<T>, request: unknown): T {
  const given = withoutNulls(request);
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const { issues } = result.error;
  const wrongType = issues.find((issue) => issue.code === 'invalid_type' && valueAt(given, issue.path) !== undefined);
  if (wrongType?.code === 'invalid_type') {
    throw new TwinvecError('MalformedBody', wrongTypeMessage(valueAt(given, wrongType.path), wrongType.expected));
  }
  throw new TwinvecError('ValidationFailed', describeIssues(issues, given));
}

/** A request that is well formed but not allowed, or not supported here. */
export function refuse(message: string): TwinvecError {
  return new TwinvecError('ValidationFailed', message);
}

function describeIssues(issues: readonly z.core.$ZodIssue[], request: unknown): string {
  const problems = issues.flatMap((issue) => describeIssue(issue, request));
  const heading = `${problems.length} validation error${problems.length === 1 ? '' : 's'} detected: `;
  return heading + problems.join('; ');
}

function describeIssue(issue: z.core.$ZodIssue, request: unknown): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${[...issue.path, key].join('.')} is not a field of this request`);
  }
  const value = valueAt(request, issue.path);
  const shown = value === undefined ? 'null' : `'${showValue(value)}'`;
  return [`Value ${shown} at '${memberPath(issue.path)}' failed to satisfy constraint: ${constraint(issue, value)}`];
}

function constraint(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined) return 'Member must not be null';
  switch (issue.code) {
    case 'too_big':
      return `Member must have ${measure(issue.origin)} less than or equal to ${issue.maximum}`;
    case 'too_small':
      return `Member must have ${measure(issue.origin)} greater than or equal to ${issue.minimum}`;
    case 'invalid_value':
      return `Member must satisfy enum value set: [${issue.values.map(String).join(', ')}]`;
    case 'invalid_format':
      return `Member must satisfy regular expression pattern: ${patternOf(issue.pattern) ?? issue.format}`;
    default:
      return issue.message;
  }
}

/** Without the anchors and flags of JavaScript, and with slashes as they were. */
function patternOf(expression: string | undefined): string | undefined {
  if (expression === undefined) return undefined;
  const source = /^\/\^\(\?:([\s\S]*)\)\$\/[a-z]*$/.exec(expression) ?? /^\/\^?([\s\S]*?)\$?\/[a-z]*$/.exec(expression);
  return source?.[1]?.replaceAll('\\/', '/');
}

function measure(origin: string): string {
  return origin === 'number' || origin === 'int' ? 'value' : 'length';
}

/** `ProductionVariants[0].ModelName` is `productionVariants.1.member.modelName` in the service's messages. */
function memberPath(path: readonly PropertyKey[]): string {
  return path
    .map((part) =>
      typeof part === 'string' ? part.charAt(0).toLowerCase() + part.slice(1) : `${Number(part) + 1}.member`,
    )
    .join('.');
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (at === null || typeof at !== 'object') return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

/** Maps and lists as Java prints them, as the service does. */
function showValue(value: unknown): string {
  const text = javaText(value);
  return text.length > 256 ? `${text.slice(0, 256)}...` : text;
}

function javaText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(javaText).join(', ')}]`;
  if (value === null || typeof value !== 'object') return String(value);
  return `{${Object.entries(value)
    .map(([key, member]) => `${key}=${javaText(member)}`)
    .join(', ')}}`;
}
