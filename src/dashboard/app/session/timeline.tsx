import type { SessionEvent } from '../client/wire.ts';
import { Clock } from '../ui/time.tsx';

/** Every event but those of the network, which come by the dozen and have a table of their own. */
export function Timeline({ events }: { events: SessionEvent[] }) {
  const shown = events.filter(({ type }) => type !== 'network');
  return (
    <section aria-labelledby="timeline-title">
      <h3 id="timeline-title">Timeline</h3>
      <ol class="timeline" aria-labelledby="timeline-title">
        {shown.map(({ id, time, type, detail }) => (
          <li key={id} data-event={type}>
            <Clock at={time} />
            <span>
              {type.replaceAll('_', ' ')} <span class="quiet">{detailText(detail)}</span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function detailText(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
