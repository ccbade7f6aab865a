import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import { maskErrorTexts } from './mask-error.ts';

export type { Logger };

/** What masks texts from outside in the lines about a session; `null` is a line about none. */
export type LineMask = (sessionId: string | null) => (outside: string) => string;

/**
 * One JSON line an event on standard output, or to `sink`, tagged with the process' role. Of what is logged, `err` and `reason` may quote
 * something outside: their texts are masked with what the line's own session has, and nothing else of the line is.
 */
export function createLogger(role: string, level: string, maskOf?: LineMask, sink?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: { role },
    timestamp: pino.stdTimeFunctions.isoTime,
    // A request's or an error's fields may hold keys under these names; none of them ever belongs in a log.
    redact: { paths: ['*.authorization', '*.headers', '*.token', '*.apiKey', '*.env'], censor: '[secret]' },
  };
  return pino({ ...options, ...(maskOf && masking(maskOf)) }, sink ?? pino.destination(1));
}

function masking(maskOf: LineMask): LoggerOptions {
  return {
    // It is serialized and masked already.
    serializers: { err: (err: unknown) => err },
    hooks: {
      logMethod(args, method) {
        const [first, ...rest] = args as unknown as [unknown, ...unknown[]];
        const fields = first instanceof Error ? { err: first } : first;
        if (typeof fields !== 'object' || fields === null) return method.apply(this, args);
        const mask = maskOf(sessionIn(fields) ?? sessionIn(this.bindings()));
        return method.apply(this, [withMaskedTexts(fields, mask), ...rest] as typeof args);
      },
    },
  };
}

function sessionIn(fields: object): string | null {
  const { sessionId } = fields as { sessionId?: unknown };
  return typeof sessionId === 'string' ? sessionId : null;
}

function withMaskedTexts(fields: object, mask: (outside: string) => string): object {
  const { err, reason } = fields as { err?: unknown; reason?: unknown };
  return {
    ...fields,
    ...(err !== undefined && { err: maskErrorTexts(pino.stdSerializers.err(err as Error), mask) }),
    ...(typeof reason === 'string' && { reason: mask(reason) }),
  };
}
