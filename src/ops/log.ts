import { pino, type Logger } from 'pino';

export type { Logger };

/** One JSON line an event on standard output, tagged with the process' role; `mask` has the last word on each line. */
export function createLogger(role: string, level: string, mask: (line: string) => string = (line) => line): Logger {
  return pino({
    level,
    base: { role },
    timestamp: pino.stdTimeFunctions.isoTime,
    // A request's or an error's fields may hold keys under these names; none of them ever belongs in a log.
    redact: { paths: ['*.authorization', '*.headers', '*.token', '*.apiKey', '*.env'], censor: '[secret]' },
    // Whatever an error quotes, at whatever level.
    hooks: { streamWrite: mask },
  });
}
