import { useDeps } from '../live/deps.ts';

/** How many are on their way, and how many wait. */
export function StatusCounts() {
  const stats = useDeps().figures.stats.value;
  if (stats === null) return null;
  const { queued, starting, running, stopping } = stats.sessions;
  return (
    <ul class="counts" aria-label="Sessions under way">
      <Count count={running + stopping} text="running" />
      <Count count={starting} text="starting" />
      <Count count={queued} text="queued" />
    </ul>
  );
}

function Count({ count, text }: { count: number; text: string }) {
  return (
    <li data-none={count === 0}>
      <strong>{count}</strong> {text}
    </li>
  );
}
