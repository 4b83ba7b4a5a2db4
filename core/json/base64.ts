/**
 * Base64 by RFC 4648 section 4, straight from bytes to bytes in one pass that checks every character. Node's own
 * decoder skips what it does not know without a word (spec faults C-18).
 */
const INVALID = 255;
const PAD = 0x3d;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Uint8Array(256).fill(INVALID);
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/** The bytes that `text[from .. to)` stands for; undefined for another alphabet, whitespace or missing padding. */
export function decodeBase64(text: Uint8Array, from: number, to: number): Uint8Array | undefined {
  const characters = to - from;
  if (characters % 4 !== 0) return undefined;
  if (characters === 0) return new Uint8Array(0);
  const padding = text[to - 1] !== PAD ? 0 : text[to - 2] !== PAD ? 1 : 2;
  const bytes = new Uint8Array((characters / 4) * 3 - padding);
  const wholeEnd = padding === 0 ? to : to - 4;
  let at = 0;
  let invalid = 0;
  for (let next = from; next < wholeEnd; next += 4) {
    const a = VALUES[text[next]!]!;
    const b = VALUES[text[next + 1]!]!;
    const c = VALUES[text[next + 2]!]!;
    const d = VALUES[text[next + 3]!]!;
    invalid |= a | b | c | d;
    bytes[at] = (a << 2) | (b >> 4);
    bytes[at + 1] = (b << 4) | (c >> 2);
    bytes[at + 2] = (c << 6) | d;
    at += 3;
  }
  if (padding > 0) {
    const a = VALUES[text[wholeEnd]!]!;
    const b = VALUES[text[wholeEnd + 1]!]!;
    const c = padding === 1 ? VALUES[text[wholeEnd + 2]!]! : 0;
    invalid |= a | b | c;
    bytes[at] = (a << 2) | (b >> 4);
    if (padding === 1) bytes[at + 1] = (b << 4) | (c >> 2);
  }
  // Values take six bits; only the mark of an invalid character has more.
  return invalid > 63 ? undefined : bytes;
}
