import type { Secret } from './secret.ts';

const MASK = Buffer.from('[secret]');
/** A shorter value would mask ordinary words; it is no secret that anybody should rely on. */
const MIN_SECRET_CHARACTERS = 4;
/** Encoded forms of shorter values would mask ordinary text. */
const MIN_ENCODED_CHARACTERS = 6;

/** Masks secrets in a stream of bytes, however it is cut. */
export interface Redactor {
  /** What can be said for sure so far; holds back only what may be the beginning of a secret. */
  push(chunk: Uint8Array): Buffer;
  /** The rest. */
  flush(): Buffer;
}

/**
 * Masks each value raw, in base64 and base64url at any alignment, in hex, percent-encoded and JSON-escaped. Values under
 * 4 characters are not masked; under 6, only raw.
 */
export function createRedactor(secrets: Secret[]): Redactor {
  const forms = formsOf(secrets);
  let held: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      const bytes = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
      const { masked, rest } = mask(bytes, forms);
      const keep = longestBeginning(rest, forms);
      held = rest.subarray(rest.length - keep);
      return Buffer.concat([masked, rest.subarray(0, rest.length - keep)]);
    },
    flush() {
      const { masked, rest } = mask(held, forms);
      held = Buffer.alloc(0);
      return Buffer.concat([masked, rest]);
    },
  };
}

/** The text with every secret masked; for messages and events. */
export function redactText(secrets: Secret[], text: string): string {
  const redactor = createRedactor(secrets);
  return Buffer.concat([redactor.push(Buffer.from(text)), redactor.flush()]).toString();
}

/** Masks every whole match; `rest` is what follows the last one, without a match. */
function mask(bytes: Buffer, forms: Buffer[]): { masked: Buffer; rest: Buffer } {
  const next = forms.map((form) => bytes.indexOf(form));
  const pieces: Buffer[] = [];
  let at = 0;
  for (;;) {
    const first = earliest(next, forms);
    if (first === -1) return { masked: Buffer.concat(pieces), rest: bytes.subarray(at) };
    const start = next[first] ?? 0;
    pieces.push(bytes.subarray(at, start), MASK);
    at = start + (forms[first]?.length ?? 0);
    for (const [i, form] of forms.entries()) {
      const found = next[i] ?? -1;
      if (found !== -1 && found < at) next[i] = bytes.indexOf(form, at);
    }
  }
}

/** The form that matches first; of those, the longest, which covers the others. */
function earliest(next: number[], forms: Buffer[]): number {
  let best = -1;
  for (const [i, found] of next.entries()) {
    if (found === -1) continue;
    const bestFound = best === -1 ? Infinity : (next[best] ?? 0);
    const longer = found === bestFound && (forms[i]?.length ?? 0) > (forms[best]?.length ?? 0);
    if (found < bestFound || longer) best = i;
  }
  return best;
}

/** How many bytes at the end could be the beginning of a form. */
function longestBeginning(bytes: Buffer, forms: Buffer[]): number {
  let longest = 0;
  for (const form of forms) {
    for (let length = Math.min(form.length - 1, bytes.length); length > longest; length--) {
      if (bytes.subarray(bytes.length - length).equals(form.subarray(0, length))) longest = length;
    }
  }
  return longest;
}

function formsOf(secrets: Secret[]): Buffer[] {
  const forms = secrets.flatMap((secret) => {
    const value = secret.reveal();
    if (value.length < MIN_SECRET_CHARACTERS) return [];
    return value.length < MIN_ENCODED_CHARACTERS ? [value] : [value, ...encodedForms(value)];
  });
  return [...new Set(forms)].map((form) => Buffer.from(form));
}

function encodedForms(value: string): string[] {
  const hex = Buffer.from(value).toString('hex');
  const percent = encodeURIComponent(value);
  const json = JSON.stringify(value).slice(1, -1);
  return [
    hex,
    hex.toUpperCase(),
    percent,
    percent.replaceAll(/%../g, (code) => code.toLowerCase()),
    json,
    ...base64Forms(value),
  ];
}

/**
 * Base64 of the value inside of something longer: with 0, 1 or 2 bytes before it, less the characters at both ends that
 * also depend on the neighbours.
 */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replaceAll('=', '');
    const skip = Math.ceil((before * 8) / 6);
    const own = text.slice(skip, Math.floor(((before + bytes.length) * 8) / 6));
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
