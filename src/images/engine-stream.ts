import { StringDecoder } from 'node:string_decoder';
import { z } from 'zod';

const LAST_LINES = 20;

const MAX_LINE_CHARACTERS = 1024 ** 2;

/** One line of what the engine says while it pulls, builds or imports (Engine API, `POST /build`, `POST /images/create`). */
const message = z.object({
  stream: z.string().optional(),
  status: z.string().optional(),
  error: z.string().optional(),
});

/**
 * Reads what the engine says of long work to its end and hands each line on; resolves with the last line. An error of
 * the work comes inside the stream, after the HTTP status said 200. Throws it with the last lines before it.
 */
export async function followEngine(
  source: NodeJS.ReadableStream,
  options: { doing: string; onLine: (line: string) => void },
): Promise<string> {
  const recent: string[] = [];
  for await (const json of linesOf(source, options.doing)) {
    if (json.trim() === '') continue;
    const { stream, status, error } = message.parse(JSON.parse(json));
    if (error !== undefined) throw new Error([`${options.doing} failed: ${error}`, ...recent].join('\n  '));
    for (const line of (stream ?? status ?? '').split('\n').filter((text) => text.trim() !== '')) {
      recent.splice(0, recent.length - LAST_LINES + 1);
      recent.push(line.trimEnd());
      options.onLine(line.trimEnd());
    }
  }
  return recent.at(-1) ?? '';
}

/** The lines of a stream as they come. Throws at one that is longer than any sane one. */
async function* linesOf(source: NodeJS.ReadableStream, doing: string): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  for await (const chunk of source) {
    const [first = '', ...rest] = (typeof chunk === 'string' ? chunk : decoder.write(chunk)).split('\n');
    begun += first;
    for (const next of rest) {
      yield begun;
      begun = next;
    }
    if (begun.length > MAX_LINE_CHARACTERS)
      throw new Error(`${doing} failed: the engine says a line of more than ${MAX_LINE_CHARACTERS} characters`);
  }
  yield begun;
}
