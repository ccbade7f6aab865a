import { z } from 'zod';
import { linesOf } from '../ops/lines.ts';

const LAST_LINES = 20;

/** Far more than an engine says in one. */
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
  for await (const json of linesOf(source, MAX_LINE_CHARACTERS)) {
    if (json.length > MAX_LINE_CHARACTERS)
      throw new Error(`${options.doing} failed: the engine says a line of more than ${MAX_LINE_CHARACTERS} characters`);
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
