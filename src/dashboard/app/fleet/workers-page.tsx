import { useSignal } from '@preact/signals';
import { pause } from '../client/follow.ts';
import { messageOf } from '../client/problem.ts';
import { pageOf, WORKER } from '../client/page-of.ts';
import type { Page, Stats, Unreadable, Worker } from '../client/wire.ts';
import { useDeps } from '../live/deps.ts';
import { useWhile } from '../live/use-while.ts';
import { Facts } from '../ui/facts.tsx';
import { Ago } from '../ui/time.tsx';
import { UnreadableNote } from '../ui/unreadable-note.tsx';

const LOOK_EVERY_MS = 3_000;

/** Who runs what, and how much waits. */
export function WorkersPage() {
  const { client, figures } = useDeps();
  const workers = useSignal<Worker[] | null>(null);
  const failure = useSignal<string | null>(null);
  const unreadable = useSignal<Unreadable[]>([]);
  useWhile((signal) => {
    void (async () => {
      while (!signal.aborted) {
        try {
          const page = pageOf(await client.get<Page<Worker>>('/v1/workers', signal), WORKER);
          workers.value = page.data;
          unreadable.value = page.unreadable;
          failure.value = null;
        } catch (error) {
          failure.value = messageOf(error);
        }
        await pause(LOOK_EVERY_MS, signal);
      }
    })();
  }, []);
  return (
    <section aria-labelledby="workers-title">
      <div class="title">
        <h2 id="workers-title">Workers</h2>
      </div>
      {failure.value !== null && <p role="alert">{failure.value}</p>}
      {figures.stats.value !== null && <Figures stats={figures.stats.value} />}
      <UnreadableNote unreadable={unreadable.value} />
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Worker</th>
              <th>Runs</th>
              <th>Sessions</th>
              <th>Disks</th>
              <th>Since</th>
              <th>Seen</th>
            </tr>
          </thead>
          <tbody>
            {workers.value?.map((worker) => (
              <WorkerRow key={worker.name} worker={worker} />
            ))}
          </tbody>
        </table>
      </div>
      {workers.value?.length === 0 && (
        <p class="wrong empty">No worker was seen lately: sessions wait until one is up. Look at its log.</p>
      )}
    </section>
  );
}

function WorkerRow({ worker: { name, running, concurrency, startedAt, seenAt, disks } }: { worker: Worker }) {
  return (
    <tr data-worker={name}>
      <td>
        <code>{name}</code>
      </td>
      <td>
        <meter min={0} max={concurrency} value={running.length} aria-label={`Sessions on ${name}`} /> {running.length}{' '}
        of {concurrency}
      </td>
      <td>
        {running.map((id) => (
          <a key={id} class="pair" href={`#${id}`}>
            <code>{id}</code>
          </a>
        ))}
      </td>
      <td title={disks?.because ?? undefined}>
        {disks?.way ?? '–'}
        {disks !== null && disks.because !== null && <span class="quiet"> because {disks.because}</span>}
      </td>
      <td>
        <Ago at={startedAt} />
      </td>
      <td>
        <Ago at={seenAt} />
      </td>
    </tr>
  );
}

function Figures({ stats: { sessions, queue, tokens, webhooks } }: { stats: Stats }) {
  return (
    <Facts
      label="Figures"
      facts={[
        ['Queue', queue && `${queue.waiting} waiting, ${queue.active} taken, ${queue.delayed} delayed`],
        ['Sessions', counted(sessions)],
        ['Tokens', counted(tokens)],
        [
          'Webhooks',
          webhooks && `${webhooks.waiting} waiting, ${webhooks.delivered} delivered, ${webhooks.failed} given up`,
        ],
      ]}
    />
  );
}

function counted(counts: Record<string, number>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length === 0 ? 'none' : some.map(([state, count]) => `${count} ${state.replaceAll('_', ' ')}`).join(', ');
}
