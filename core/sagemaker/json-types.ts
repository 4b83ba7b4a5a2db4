/** How the service reads JSON: null is absent, and a member of another type is a SerializationException of these words. */

/** A copy without the members that are null; elements of lists stay. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => (member === null ? [] : [[key, withoutNulls(member)]])),
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
