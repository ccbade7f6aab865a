import type { Stats } from '../client/wire.ts';
import { useDeps } from '../live/deps.ts';
import { duration } from '../ui/duration.ts';

/** On every page, while there is one: sessions that are past their deadline and do not end. */
export function OverdueChip() {
  const overdue = useDeps().figures.stats.value?.overdueSessions;
  if (!overdue?.alarm) return null;
  return (
    <a class="debt-chip" href="#sessions" data-level="alarm" title={overdueText(overdue)}>
      overdue <strong>{overdue.count}</strong>
    </a>
  );
}

/** The same in words. */
export function OverdueNote() {
  const overdue = useDeps().figures.stats.value?.overdueSessions;
  if (!overdue?.alarm) return null;
  return (
    <div class="debt card" role="alert" aria-label="Overdue sessions" data-level="alarm">
      <strong class="figure">{overdue.count}</strong> <p>{overdueText(overdue)}</p>
    </div>
  );
}

function overdueText({ count, oldestSeconds }: Stats['overdueSessions']): string {
  const some = count === 1 ? 'session is past its deadline and has' : 'sessions are past their deadline and have';
  const since = duration(Math.round(oldestSeconds ?? 0) * 1_000);
  return `${some} not ended, for up to ${since}. Look at the log of the workers, and see “daypass doctor” on their host.`;
}
