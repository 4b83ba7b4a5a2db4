/** The little XML that S3 speaks: elements without attributes, out and in. */

/** Text, or elements; arrays repeat the element. */
export type XmlValue = string | number | boolean | Date | XmlElements | readonly XmlValue[] | undefined;
export interface XmlElements {
  readonly [name: string]: XmlValue;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // Readers of XML would make a space or another line end of these.
  '\r': '&#xD;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** @param root Undefined members are left out. */
export function writeXml(name: string, root: XmlElements, namespace = NAMESPACE): string {
  const attribute = namespace === '' ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${attribute}>${writeElements(root)}</${name}>`;
}

function writeElements(elements: XmlElements): string {
  return Object.entries(elements)
    .map(([name, value]) => writeElement(name, value))
    .join('');
}

function writeElement(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((one: XmlValue) => writeElement(name, one)).join('');
  const inner =
    value instanceof Date
      ? value.toISOString()
      : typeof value === 'object'
        ? writeElements(value as XmlElements)
        : escapeText(String(value));
  return `<${name}>${inner}</${name}>`;
}

function escapeText(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: keys may hold them, and S3 writes them so too.
    /[&<>"\u0000-\u001f]/g,
    (character) => ESCAPES[character] ?? `&#x${character.charCodeAt(0).toString(16)};`,
  );
}

/** The inner text of every `name` element, in order. Elements of the same name do not nest in S3's requests. */
export function readElements(xml: string, name: string): string[] {
  const pattern = new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?(?:/>|>([\\s\\S]*?)</(?:\\w+:)?${name}\\s*>)`, 'g');
  return [...xml.matchAll(pattern)].map((match) => match[1] ?? '');
}

export function readText(xml: string, name: string): string | undefined {
  const [first] = readElements(xml, name);
  return first === undefined ? undefined : unescapeText(first);
}

function unescapeText(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    return String.fromCodePoint(decimal === undefined ? parseInt(hex!, 16) : Number(decimal));
  });
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
