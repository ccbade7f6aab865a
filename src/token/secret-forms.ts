import type { Pattern } from './byte-search.ts';
import type { Gaps } from './pattern-walk.ts';
import type { Secret } from './secret.ts';

/** A shorter value would mask ordinary words: no mask can keep it. */
const MIN_SECRET_CHARACTERS = 4;
/** Encoded forms of shorter values, and shorter lines, would mask ordinary text. */
const MIN_ENCODED_CHARACTERS = 6;
/** Wrapped values shorter than this are too much like ordinary words at a line's end. */
const MIN_WRAPPED_CHARACTERS = 16;
/** As much as a host name may have, and about as much as a query. */
const MAX_NAME_CHARACTERS = 253;
const MAX_QUERY_CHARACTERS = 2_048;

/** Line breaks, also as JSON and shells write them. */
const LINE_BREAK = /\r\n?|\n|\\r\\n|\\[rn]/;
const BREAKS = [0x0a, 0x0d];
/** After so many characters of a wrapped value its line may break; where it breaks before, the rest is a form of its own. */
const WRAPPED_AFTER = 4;
const WRAPPED: Gaps = { bytes: BREAKS, after: WRAPPED_AFTER, most: 2 };
/** A line break and an indent. */
const MOST_SPACE = 20;
/** What has no white space of its own may be indented, too. */
const INDENTED: Gaps = { bytes: [...BREAKS, 0x20, 0x09], after: WRAPPED_AFTER, most: MOST_SPACE };
/** Between bytes as `xxd`, `od` and `openssl` print them. */
const SPACED: Gaps = { bytes: [...BREAKS, 0x20, 0x09, 0x3a], after: 2, most: MOST_SPACE };

/** Of all secrets of a session. Each line has forms of its own: those of so many take some 50 ms and 8 MB, once for a session. */
export const MAX_SECRET_LINES = 4_096;

/** How many lines a value has. */
export function secretLines(value: string): number {
  return value.split(LINE_BREAK).length;
}

/** Whether a value is so short that it is masked nowhere; spaces and line breaks around it do not count. One that is empty, or only that, needs no mask. */
export function isTooShortToMask(value: string): boolean {
  const { length } = value.trim();
  return length > 0 && length < MIN_SECRET_CHARACTERS;
}

/**
 * What the values may show up as, less the white space and the byte order mark around them: raw and in another case (as
 * in a host name), in base64 and base64url at any alignment, in hex, percent-encoded as URLs and forms are, JSON-escaped;
 * long ones, base64 and hex also wrapped into lines of any width, hex also with spaces or colons. Of a value of several
 * lines, each line of 6 characters or more too, raw, in another case and JSON-escaped, less the
 * white space around it: also where it is indented, numbered, or on one line with the others; and all of them on one line, if some are shorter. Values under 4 characters have none; under 6, only the raw one;
 * above 253 and 2,048 no other case and no percent-encoding. In an order that does not depend on that of the secrets.
 *
 * Out of reach is what encodes twice, compresses, encrypts, reorders, or cuts a value up with anything else in between.
 */
export function formsOf(secrets: Secret[]): Pattern[] {
  const exact = new Set<string>();
  const wrapped = new Set<string>();
  const indented = new Set<string>();
  const spaced = new Set<string>();
  for (const value of secrets.map((secret) => secret.reveal().trim()).toSorted()) {
    if (value.length < MIN_SECRET_CHARACTERS) continue;
    exact.add(value);
    if (value.length < MIN_ENCODED_CHARACTERS) continue;
    for (const text of [...caseForms(value), ...percentForms(value), ...jsonForms(value)]) exact.add(text);
    if (hasShortLine(value)) exact.add(onOneLine(value));
    for (const line of linesOf(value))
      for (const text of [line, ...caseForms(line), ...jsonForms(line)]) exact.add(text);
    const hex = Buffer.from(value).toString('hex');
    for (const text of [hex, hex.toUpperCase()]) spaced.add(text);
    const joined = value.replaceAll(/[\r\n]/g, '');
    if (joined.length >= MIN_WRAPPED_CHARACTERS) wrapped.add(joined);
    for (const text of base64Forms(value)) indented.add(text);
  }
  // What may be wrapped is found where it is not, too.
  for (const text of [...wrapped, ...indented]) exact.delete(text);
  return [
    ...Array.from(exact, (text): Pattern => ({ bytes: Buffer.from(text) })),
    ...Array.from(wrapped, (text): Pattern => ({ bytes: Buffer.from(text), rests: restsOf(text), gaps: WRAPPED })),
    ...Array.from(indented, (text): Pattern => ({ bytes: Buffer.from(text), rests: restsOf(text), gaps: INDENTED })),
    ...Array.from(spaced, (text): Pattern => ({ bytes: Buffer.from(text), gaps: SPACED })),
  ];
}

function hasShortLine(value: string): boolean {
  const lines = value.split(LINE_BREAK);
  return lines.length > 1 && lines.some((line) => line.trim().length < MIN_ENCODED_CHARACTERS);
}

/** As a shell says a variable that is not quoted: short lines too, which are masked nowhere by themselves. */
function onOneLine(value: string): string {
  return value.split(/\s+/).join(' ');
}

/** The lines of a value that has several, those that are long enough. */
function linesOf(value: string): string[] {
  const lines = value.split(LINE_BREAK).map((line) => line.trim());
  return lines.length === 1 ? [] : lines.filter(({ length }) => length >= MIN_ENCODED_CHARACTERS);
}

function caseForms(value: string): string[] {
  return value.length > MAX_NAME_CHARACTERS ? [] : [value.toLowerCase(), value.toUpperCase()];
}

/** A line break within the first characters of a wrapped text leaves the rest; of the shortest texts that is too little. */
function restsOf(text: string): number[] {
  if (text.length < MIN_WRAPPED_CHARACTERS) return [];
  const characters = Array.from(text.slice(0, 2 * WRAPPED_AFTER)).slice(0, WRAPPED_AFTER - 1);
  return characters.map((_, at) => Buffer.byteLength(characters.slice(0, at + 1).join('')));
}

/** As encodeURIComponent does it, without its exceptions, with slashes left (as in a path), and as HTML forms do it. */
function percentForms(value: string): string[] {
  if (value.length > MAX_QUERY_CHARACTERS) return [];
  const component = encodeURIComponent(value.toWellFormed());
  const strict = component.replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const path = component.replaceAll('%2F', '/');
  const form = new URLSearchParams([['', value]]).toString().slice(1);
  const whole = encodeURI(value.toWellFormed());
  return [...new Set([component, strict, path, form, whole, userPart(value)])].flatMap((text) => [
    text,
    text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  ]);
}

/** As a password in an address: what a URL's parser leaves there. */
function userPart(value: string): string {
  const url = new URL('http://host');
  url.password = value.toWellFormed();
  return url.password;
}

/** What some program escapes in JSON. */
const JSON_ESCAPES = /[^\x20-\x7e]|["\\/<>&'+`]/;

/**
 * JSON as JavaScript writes it, in plain ASCII as Python does, each also with its slashes escaped as PHP does, safe for HTML as Go does,
 * and as .NET does.
 */
function jsonForms(value: string): string[] {
  if (!JSON_ESCAPES.test(value)) return [value];
  const json = JSON.stringify(value).slice(1, -1);
  const ascii = json.replaceAll(/[^\0-\x7e]/g, unicodeEscape);
  const ofGo = json.replaceAll(/[<>&\u2028\u2029]/g, unicodeEscape);
  const ofDotNet = json
    .replaceAll('\\"', '"')
    .replaceAll(/[^\0-\x7e]|[<>&'+`"]/g, (unit) => `\\u${unicodeEscape(unit).slice(2).toUpperCase()}`);
  return [...[json, ascii].flatMap((text) => [text, text.replaceAll('/', '\\/')]), ofGo, ofDotNet];
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/**
 * Base64 of the value inside of something longer: with 0, 1 or 2 bytes before it, less the characters at both ends that
 * also depend on the neighbours.
 */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const own = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
