import { eventSchema } from '../../../api/schemas/event.ts';
import { logRecordSchema } from '../../../api/schemas/log-record.ts';
import { forReading } from '../../../api/schemas/reading.ts';
import type { ApiClient } from '../installation/api-client.ts';

/**
 * Shows what happens in a session and what its command prints, each with the time since its start, until nothing is left to
 * do for it: container and token are gone.
 */
export async function followSession(
  api: ApiClient,
  sessionId: string,
  { show, signal }: { show: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  const startedAt = Date.now();
  const showAt = (time: string, text: string): void => {
    const sinceMs = Math.max(0, Date.parse(time) - startedAt);
    show(`  ${(sinceMs / 1_000).toFixed(2).padStart(6)} s  ${text}`);
  };
  const events = async (): Promise<void> => {
    for await (const { event, data } of api.follow(`/v1/sessions/${sessionId}/events`, signal)) {
      if (event !== 'message') continue;
      const { time, type, detail } = forReading(eventSchema).parse(data);
      showAt(time, `${type.replaceAll('_', ' ')}${detailText(detail)}`);
    }
  };
  const log = async (): Promise<void> => {
    for await (const { event, data } of api.follow(`/v1/sessions/${sessionId}/logs`, signal)) {
      if (event !== 'message') continue;
      const { time, text } = forReading(logRecordSchema).parse(data);
      showAt(time, `| ${text}`);
    }
  };
  await Promise.all([events(), log()]);
}

/** The plain values of an event, such as `(exitCode 0)`. */
export function detailText(detail: Record<string, unknown>): string {
  const parts = Object.entries(detail).flatMap(([name, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value) ? [`${name} ${String(value)}`] : [],
  );
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
