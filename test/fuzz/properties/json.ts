import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import { JsonProblem } from '../../../src/json/limits.ts';
import { parseJson } from '../../../src/json/parse.ts';
import { JsonReader, TextPlace } from '../../../src/json/reader.ts';
import { readText } from '../../../src/json/read-text.ts';
import { bytes, cut, cuts, nearly, streamOf, type Property } from './inputs.ts';

const WIDE = { depth: 1_000, containers: 100_000, scalars: 100_000, keys: 100_000, keyBytes: 10_000 };

/** JSON, what is nearly JSON, and anything. */
const text = fc.oneof(
  fc.json({ maxDepth: 6, stringUnit: 'binary' }).map((json) => Buffer.from(json)),
  fc.tuple(fc.json({ maxDepth: 3 }), fc.nat(), nearly('{}[]",:\\u0019.eE+-trufalsn \n', 3)).map(([json, at, wrong]) => {
    const place = at % (json.length + 1);
    return Buffer.from(json.slice(0, place) + wrong + json.slice(place + 1));
  }),
  nearly('{}[]":,\\u0019d.eE+-trufalsn \n\ud83d').map((near) => Buffer.from(near)),
  fc
    .tuple(bytes(8), fc.json({ maxDepth: 2 }), bytes(2))
    .map(([before, json, after]) => Buffer.concat([before, Buffer.from(json), after])),
  bytes(40),
);

const theGuardAcceptsWhatJsonParseDoes = fc.asyncProperty(text, async (input) => {
  const reference = parsed(() => JSON.parse(utf8(input)));
  assert.deepEqual(
    parsed(() => parseJson(input, WIDE)),
    reference,
  );
});

const aReaderMakesWhatJsonParseDoes = fc.asyncProperty(text, cuts, async (input, at) => {
  const reader = new JsonReader(
    { ...WIDE, textBytes: 10_000, keptBytes: 100_000 },
    { leaveOut: 'nothing of this name' },
  );
  const read = parsed(() => {
    for (const piece of cut(input, at)) reader.push(piece);
    return reader.end();
  });
  assert.deepEqual(
    read,
    parsed(() => JSON.parse(utf8(input))),
  );
});

const contentsAreWhatJsonParseMakesOfThem = fc.asyncProperty(
  fc.oneof(fc.string({ unit: 'binary' }), nearly('a"\\\n\u00e9\ud83d\ude00\ud800')),
  fc.boolean(),
  cuts,
  async (content, isEscaped, at) => {
    const written = isEscaped ? escapeAll(content) : JSON.stringify(content);
    const body = Buffer.from(`{"a":[{"content":${written}}]}`);
    const reader = new JsonReader({ ...WIDE, textBytes: 100, keptBytes: 100 }, { leaveOut: 'content' });
    for (const piece of cut(body, at)) reader.push(piece);
    const value = reader.end() as { a: { content: TextPlace }[] };
    const place = value.a[0]?.content;
    assert.ok(place instanceof TextPlace);
    const { start, end } = place;
    const inside = body.subarray(start, end);
    const pieces = await Array.fromAsync(readText(streamOf(cut(inside, at))));
    assert.deepEqual(
      Buffer.concat(pieces),
      Buffer.from((JSON.parse(body.toString()) as { a: { content: string }[] }).a[0]?.content ?? ''),
    );
  },
);

const aBodyIsHeldToWhatItHas = fc.asyncProperty(fc.json({ maxDepth: 6 }), async (json) => {
  const has = countsOf(JSON.parse(json));
  const limits = { ...WIDE, ...has };
  // A name that is there twice is counted twice, and only once in the value.
  if (JSON.stringify(JSON.parse(json)) !== json.replaceAll(' ', '')) return;
  parseJson(json, limits);
  for (const [name, count] of Object.entries(has)) {
    if (count > 0) assert.throws(() => parseJson(json, { ...limits, [name]: count - 1 }), { kind: 'too_much' });
  }
});

function countsOf(value: unknown): { depth: number; containers: number; scalars: number; keys: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, containers: 0, scalars: 1, keys: 0 };
  const parts = Object.values(value).map(countsOf);
  const sum = (name: 'containers' | 'scalars' | 'keys') => parts.reduce((all, part) => all + part[name], 0);
  return {
    depth: 1 + Math.max(0, ...parts.map(({ depth }) => depth)),
    containers: 1 + sum('containers'),
    scalars: sum('scalars'),
    keys: (Array.isArray(value) ? 0 : parts.length) + sum('keys'),
  };
}

function utf8(input: Buffer): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input);
}

function escapeAll(content: string): string {
  const units = Array.from({ length: content.length }, (_, at) => content.charCodeAt(at));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`;
}

/** The value, or that there is none; a fault that is none of the text's is thrown. */
function parsed(parse: () => unknown): { value: unknown } | null {
  try {
    return { value: parse() };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof JsonProblem) return null;
    throw error;
  }
}

/** What is read of JSON before anything else is done with it. */
export const JSON_TEXT: Record<string, Property> = {
  'the guard accepts exactly what JSON.parse accepts': theGuardAcceptsWhatJsonParseDoes,
  'a body that comes in pieces is what JSON.parse makes of it': aReaderMakesWhatJsonParseDoes,
  'a content that stays in its body is what JSON.parse makes of it': contentsAreWhatJsonParseMakesOfThem,
  'a body is held to exactly what it has': aBodyIsHeldToWhatItHas,
};
