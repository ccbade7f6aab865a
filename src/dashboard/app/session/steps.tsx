import type { Session, SessionEvent } from '../client/wire.ts';
import { useDeps } from '../live/deps.ts';
import { duration } from '../ui/duration.ts';
import { stepsOf } from './step-times.ts';

/** How long each step took, on one line of time. */
export function Steps({ session, events }: { session: Session; events: SessionEvent[] }) {
  const steps = stepsOf(session, events);
  const now = useDeps().now.value;
  const begin = Math.min(...steps.map(({ from }) => from));
  const end = Math.max(...steps.map(({ to }) => to ?? now), begin + 1);
  const percent = (time: number) => `${(100 * (time - begin)) / (end - begin)}%`;
  return (
    <section aria-label="Steps">
      <h3>Steps</h3>
      <table class="steps">
        <tbody>
          {steps.map(({ name, from, to }) => (
            <tr key={name} data-step={name} data-now={to === null}>
              <th scope="row">{name}</th>
              <td class="bar">
                <span style={{ marginLeft: percent(from), width: percent(begin + Math.max(0, (to ?? now) - from)) }} />
              </td>
              <td class="number">
                {to === null
                  ? `${duration(Math.max(0, Math.floor((now - from) / 1_000) * 1_000))} …`
                  : duration(to - from)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
