/**
 * Content negotiation by Accept, RFC 9110 section 12.5.1: the most specific range decides a type's quality, the highest
 * quality wins, and among equals the type of the request does.
 */
import { quoteForMessage, TwinvecError } from '#core/errors.ts';
import { LIMITS } from '#core/limits.ts';
import { type Parameter, parseMediaTypeText } from './media-type-syntax.ts';

interface MediaRange {
  readonly type: string;
  /** 0..1; 0 forbids. */
  readonly quality: number;
}

/** Text between commas; a comma inside a quoted string does not separate. */
const ELEMENTS = /(?:[^,"]|"(?:[^"\\]|\\.)*"|")+/g;
const QUALITY = /^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * The media type to answer with. `preferred` (one of `available`) is the answer when the caller has no wish, and wins
 * ties; elements of Accept that are not media ranges are passed over.
 *
 * @throws NotAcceptable when nothing available matches
 */
export function chooseMediaType(accept: string | undefined, available: readonly string[], preferred: string): string {
  if (accept === undefined || accept.trim() === '') return preferred;
  if (accept.length > LIMITS.headerValue.value) {
    throw new TwinvecError('NotAcceptable', `Accept is longer than ${LIMITS.headerValue.value} characters`);
  }
  const ranges = parseRanges(accept);
  let best: string | undefined;
  let bestQuality = 0;
  for (const type of [preferred, ...available]) {
    const quality = qualityOf(type, ranges);
    if (quality <= bestQuality) continue;
    best = type;
    bestQuality = quality;
  }
  if (best !== undefined) return best;
  throw new TwinvecError('NotAcceptable', `Accept ${quoteForMessage(accept)} allows none of ${available.join(', ')}`);
}

/** Parameters of every media range, in order; elements that are not media ranges are passed over. */
export function acceptParameters(accept: string | undefined): readonly Parameter[] {
  return ((accept ?? '').match(ELEMENTS) ?? []).flatMap((element) => parseMediaTypeText(element)?.parameters ?? []);
}

function parseRanges(accept: string): MediaRange[] {
  return (accept.match(ELEMENTS) ?? []).flatMap((element) => {
    const text = parseMediaTypeText(element);
    if (!text) return [];
    const quality = text.parameters.find(({ name }) => name === 'q')?.value ?? '1';
    return QUALITY.test(quality) ? [{ type: text.type, quality: Number(quality) }] : [];
  });
}

function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  const family = `${type.slice(0, type.indexOf('/'))}/*`;
  for (const wanted of [type, family, '*/*']) {
    const matches = ranges.filter((range) => range.type === wanted);
    if (matches.length > 0) return Math.max(...matches.map(({ quality }) => quality));
  }
  return 0;
}
