import type { Secret } from './secret.ts';

/** A shorter value would mask ordinary words; it is no secret that anybody should rely on. */
const MIN_SECRET_CHARACTERS = 4;
/** Encoded forms of shorter values would mask ordinary text. */
const MIN_ENCODED_CHARACTERS = 6;

/**
 * The bytes under which the values may show up: raw, in base64 and base64url at any alignment, in hex, percent-encoded
 * as URLs and forms are, JSON-escaped. Values under 4 characters have none; under 6, only the raw one. In an order that
 * does not depend on that of the secrets.
 */
export function formsOf(secrets: Secret[]): Buffer[] {
  const forms = secrets.flatMap((secret) => {
    const value = secret.reveal();
    if (value.length < MIN_SECRET_CHARACTERS) return [];
    return value.length < MIN_ENCODED_CHARACTERS ? [value] : [value, ...encodedForms(value)];
  });
  return [...new Set(forms)].map((form) => Buffer.from(form)).toSorted((a, b) => Buffer.compare(a, b));
}

function encodedForms(value: string): string[] {
  const hex = Buffer.from(value).toString('hex');
  return [hex, hex.toUpperCase(), ...percentForms(value), ...jsonForms(value), ...base64Forms(value)];
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
