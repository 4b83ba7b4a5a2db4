/** How the service reads JSON: null is absent, and a member of another type is a SerializationException of these words. */
import { TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';

/**
 * A copy without the members that are null; elements of lists stay.
 *
 * @throws TwinvecError MalformedBody when it is nested deeper than any request.
 */
export function withoutNulls(value: unknown, depth = 0): unknown {
  if (depth > LIMITS.jsonDepth.value) throw new TwinvecError('MalformedBody', 'The body is nested too deep.');
  if (Array.isArray(value)) return value.map((element) => withoutNulls(element, depth + 1));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => (member === null ? [] : [[key, withoutNulls(member, depth + 1)]])),
  );
}

/** The schemas do not say which numbers are whole; nearly all are. */
const JAVA_TYPES: Readonly<Record<string, string>> = {
  string: 'String',
  number: 'Integer',
  int: 'Integer',
  boolean: 'Boolean',
};

/** @param expected the schema's name of the type: `string`, `int`, `array`, `object` and so on */
export function wrongTypeMessage(value: unknown, expected: string): string {
  const wanted = JAVA_TYPES[expected];
  if (wanted === undefined) return 'Unexpected field type';
  if (value !== null && typeof value === 'object') {
    return `Start of ${Array.isArray(value) ? 'list' : 'structure or map'} found where not expected.`;
  }
  const given =
    typeof value === 'boolean' ? String(value).toUpperCase() : typeof value === 'string' ? 'STRING' : 'NUMBER';
  return `${given}_VALUE can not be converted to ${/^[AEIOU]/.test(wanted) ? 'an' : 'a'} ${wanted}`;
}
