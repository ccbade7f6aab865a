export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/**
 * The one text of a JSON value that signatures are made over: no white space, names sorted by their UTF-16 code units,
 * strings and numbers as `JSON.stringify` writes them.
 *
 * Source: RFC 8785, JSON Canonicalization Scheme, which takes both from ECMAScript.
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
