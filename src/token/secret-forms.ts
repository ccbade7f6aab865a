import type { Gaps, Pattern } from './byte-search.ts';
import type { Secret } from './secret.ts';

/** A shorter value would mask ordinary words; it is no secret that anybody should rely on. */
const MIN_SECRET_CHARACTERS = 4;
/** Encoded forms of shorter values would mask ordinary text. */
const MIN_ENCODED_CHARACTERS = 6;

/** Wrapped values shorter than this are too much like ordinary words at a line's end. */
const MIN_WRAPPED_CHARACTERS = 16;

const BREAKS = [0x0a, 0x0d];
/** After so many characters of a wrapped value its line may break; where it breaks before, the rest is a form of its own. */
const WRAPPED_AFTER = 4;
const WRAPPED: Gaps = { bytes: BREAKS, after: WRAPPED_AFTER };
/** Between bytes as `xxd`, `od` and `openssl` print them. */
const SPACED: Gaps = { bytes: [...BREAKS, 0x20, 0x3a], after: 2 };

/**
 * What the values may show up as: raw and in another case (as in a host name), in base64 and base64url at any alignment,
 * in hex, percent-encoded as URLs and forms are, JSON-escaped; long ones, base64 and hex also wrapped into lines of any
 * width, hex also with spaces or colons. Values under 4 characters have none; under 6, only the raw one. In an order that
 * does not depend on that of the secrets.
 *
 * Out of reach is what encodes twice, compresses, encrypts, reorders, or cuts a value up with anything else in between.
 */
export function formsOf(secrets: Secret[]): Pattern[] {
  const byText = new Map<string, Gaps | undefined>();
  const add = (text: string, gaps?: Gaps): void => void byText.set(text, gaps ?? byText.get(text));
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length < MIN_SECRET_CHARACTERS) continue;
    add(value);
    if (value.length < MIN_ENCODED_CHARACTERS) continue;
    for (const text of [value.toLowerCase(), value.toUpperCase(), ...percentForms(value), ...jsonForms(value)])
      add(text);
    const hex = Buffer.from(value).toString('hex');
    for (const text of [hex, hex.toUpperCase()]) add(text, SPACED);
    const wrapped = value.length < MIN_WRAPPED_CHARACTERS ? [] : [value];
    for (const text of [...wrapped, ...base64Forms(value)]) for (const rest of restsOf(text)) add(rest, WRAPPED);
  }
  return [...byText]
    .map(([text, gaps]) => ({ bytes: Buffer.from(text), ...(gaps && { gaps }) }))
    .toSorted((a, b) => Buffer.compare(a.bytes, b.bytes));
}

/** A wrapped text, and what a line break within its first characters leaves of it. */
function restsOf(text: string): string[] {
  if (text.length < MIN_WRAPPED_CHARACTERS) return [text];
  return Array.from({ length: WRAPPED_AFTER }, (_, start) => text.slice(start));
}

/** As encodeURIComponent does it, without its exceptions, with slashes left (as in a path), and as HTML forms do it. */
function percentForms(value: string): string[] {
  const component = encodeURIComponent(value.toWellFormed());
  const strict = component.replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const path = component.replaceAll('%2F', '/');
  const form = new URLSearchParams([['', value]]).toString().slice(1);
  return [component, strict, path, form].flatMap((text) => [
    text,
    text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
  ]);
}

/** JSON as JavaScript writes it, in plain ASCII as Python does, and with its slashes escaped as PHP does. */
function jsonForms(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const ascii = json.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [json, ascii].flatMap((text) => [text, text.replaceAll('/', '\\/')]);
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
