import type { Session, SessionEvent } from '../client/wire.ts';
import { Badge } from '../ui/badge.tsx';
import { Clock } from '../ui/time.tsx';

/** What a `network` event tells of one host. */
interface Decision {
  host: string;
  port: number;
  verdict: string;
  reason?: string;
  count: number;
  lastAt: string;
}

/** What the sandbox wanted to reach besides its repo host, and what the gateway said. */
export function NetworkDecisions({ session, events }: { session: Session; events: SessionEvent[] }) {
  const told = events.filter(({ type }) => type === 'network').map(({ detail }) => detail);
  const decisions = told.filter((detail): detail is typeof detail & Decision => typeof detail['host'] === 'string');
  const suppressed = told.reduce((sum, detail) => sum + Number(detail['suppressed'] ?? 0), 0);
  if (decisions.length === 0 && suppressed === 0) return null;
  return (
    <section aria-label="Network decisions">
      <h3>Network</h3>
      <div class="scroll">
        <table>
          <tbody>
            {decisions.map(({ host, port, verdict, reason, count, lastAt }, index) => (
              <tr key={index}>
                <td>
                  <Badge state={verdict} />
                </td>
                <td>
                  <code>
                    {host}:{port}
                  </code>
                </td>
                <td class="quiet">{reason?.replaceAll('_', ' ')}</td>
                <td class="number">{count}×</td>
                <td>
                  <Clock at={lastAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {suppressed > 0 && <p class="quiet">{suppressed} more are not told of one by one.</p>}
      {session.endedAt === null && decisions.some(({ verdict }) => verdict !== 'allowed') && (
        <p class="quiet">What it should reach goes into its allow list, under “Network…”.</p>
      )}
    </section>
  );
}
