/** Maps from text to text, whose keys and values the service checks all together and refuses in one sentence. */
import * as z from 'zod';

export interface TextRule {
  /** @default 0 */
  readonly minLength?: number;
  readonly maxLength: number;
  /** Without anchors, as it stands in the API model. @default any text */
  readonly pattern?: string;
}

export interface TextMapRules {
  readonly maxEntries: number;
  readonly key: TextRule;
  readonly value: TextRule;
}

export function textMap({ maxEntries, key, value }: TextMapRules): z.ZodRecord<z.ZodString, z.ZodString> {
  const keyFits = fits(key);
  const valueFits = fits(value);
  return z.record(z.string(), z.string()).check((payload) => {
    const { value: map, issues } = payload;
    const refuse = (message: string): void => void issues.push({ code: 'custom', message, input: map });
    if (Object.keys(map).length > maxEntries) refuse(`Member must have length less than or equal to ${maxEntries}`);
    if (!Object.keys(map).every(keyFits)) refuse(`Map keys must satisfy constraint: ${describe(key)}`);
    if (!Object.values(map).every(valueFits)) refuse(`Map value must satisfy constraint: ${describe(value)}`);
  });
}

function fits({ minLength = 0, maxLength, pattern = '[\\S\\s]*' }: TextRule): (text: string) => boolean {
  const whole = new RegExp(`^(?:${pattern})$`, 'u');
  return (text) => text.length >= minLength && text.length <= maxLength && whole.test(text);
}

function describe({ minLength = 0, maxLength, pattern = '[\\S\\s]*' }: TextRule): string {
  return `[Member must have length less than or equal to ${maxLength}, Member must have length greater than or equal to ${minLength}, Member must satisfy regular expression pattern: ${pattern}]`;
}
