/**
 * A part of an input: what it lists after one key and up to another, or a range of bytes of one object. Two short strings and two
 * numbers whatever the size of the input, so that a plan for Step Functions' Distributed Map fits into its payload.
 */
import * as z from 'zod';

const Key = z.string().max(1024);

export const ValidationPart = z.strictObject({
  /** Exclusive; empty = from the first. */
  afterKey: Key,
  /** Inclusive. */
  throughKey: Key,
  /** Of the one object that this part is. The records that start within; the last may end behind it. */
  range: z.strictObject({ start: z.int().min(0), end: z.int().min(1) }).optional(),
});

export type ValidationPart = z.infer<typeof ValidationPart>;
export type ByteRange = NonNullable<ValidationPart['range']>;
