import type { z } from 'zod';
import { JsonReader, TextPlace } from '../../json/reader.ts';
import { readText } from '../../json/read-text.ts';
import { createBreath, mapInSlices } from '../breath.ts';
import { check } from '../http/check.ts';
import { HostError } from '../http/host-error.ts';
import { refusalOf } from '../http/read-json.ts';
import type { ReceivedBody } from '../incoming/received-body.ts';
import { contentOf, type Content } from '../repos/content.ts';
import { MAX_FILE_BYTES } from '../repos/operations.ts';

/** Room for one file of the largest size with its JSON escapes; a larger tree comes by git push. */
export const MAX_JSON_BYTES = 64 * 1024 * 1024;
/** Git takes ten thousands of files in one directory, and minutes for hundred thousands. */
const MAX_FILES = 50_000;
/** Each file or operation is an object with up to three fields. */
const LIMITS = {
  depth: 32,
  containers: MAX_FILES + 100,
  scalars: 3 * MAX_FILES + 1_000,
  keys: 3 * MAX_FILES + 1_000,
  keyBytes: 1_024,
  textBytes: 64 * 1024,
  keptBytes: 16 * 1024 * 1024,
};
/** So little is read at once that nobody else waits for it. */
const SLICE_BYTES = 16 * 1024;

/**
 * A JSON body that may hold contents of files, which stay where they are: each value of a field `content` is a `TextPlace`. An
 * empty body is `undefined`. Throws `bad_value` for what is no JSON, and `too_large`.
 */
export async function readContents(body: ReceivedBody): Promise<unknown> {
  if (body.bytes === 0) return undefined;
  const reader = new JsonReader(LIMITS, { leaveOut: 'content' });
  const breath = createBreath();
  try {
    for await (const piece of body.read()) {
      for (let at = 0; at < piece.length; at += SLICE_BYTES) {
        reader.push(piece.subarray(at, at + SLICE_BYTES));
        if (breath.isDue()) await breath.take();
      }
    }
    return reader.end();
  } catch (error) {
    throw refusalOf(error);
  }
}

/** Each item of a list, checked one by one: the first that is wrong is the last that is looked at. Throws as `check` does. */
export async function checkEach<Schema extends z.ZodType>(
  schema: Schema,
  items: unknown[],
  name: string,
): Promise<z.output<Schema>[]> {
  let at = 0;
  return mapInSlices(items, (item) => check(schema, item, `${name}.${at++}`));
}

/** The same files with their contents found in the body, their lengths and names known. Throws `too_large`. */
export async function findContents<File extends { filename: string; content: TextPlace }>(
  body: ReceivedBody,
  files: File[],
): Promise<(Omit<File, 'content'> & { content: Content })[]> {
  const breath = createBreath();
  const found: (Omit<File, 'content'> & { content: Content })[] = [];
  for (const file of files) {
    const { start, end } = file.content;
    const content = await contentOf(() => readText(body.read(start, end)));
    if (content.bytes > MAX_FILE_BYTES)
      throw new HostError('too_large', `${file.filename.slice(0, 200)} is larger than ${MAX_FILE_BYTES} bytes`);
    found.push({ ...file, content });
    if (breath.isDue()) await breath.take();
  }
  return found;
}
