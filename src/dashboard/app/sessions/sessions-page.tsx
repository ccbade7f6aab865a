import { useDeps, useMay } from '../live/deps.ts';
import { useAction, useLatestAction } from '../live/use-action.ts';
import { More } from '../ui/more.tsx';
import { UnreadableNote } from '../ui/unreadable-note.tsx';
import { RefusalNote } from '../ui/refusal.tsx';
import { FilterForm } from './filter-form.tsx';
import { OverdueNote } from './overdue.tsx';
import { StatusCounts } from './status-counts.tsx';
import { SessionRow } from './session-row.tsx';

/** All sessions, newest first, live. */
export function SessionsPage() {
  const { sessions } = useDeps();
  const filtering = useLatestAction();
  const { problem, run } = useAction();
  const list = sessions.list.value;
  return (
    <section aria-labelledby="sessions-title">
      <div class="title">
        <h2 id="sessions-title">Sessions</h2>
        <StatusCounts />
        <FilterForm
          filter={sessions.filter.value}
          onFilter={(wanted) => void filtering.run(() => sessions.setFilter(wanted))}
        />
      </div>
      <OverdueNote />
      <RefusalNote problem={filtering.problem.value ?? problem.value} />
      <UnreadableNote unreadable={sessions.unreadable.value} />
      <div class="scroll">
        <table class="sessions">
          <thead>
            <tr>
              <th>Session</th>
              <th>Status</th>
              <th>Token</th>
              <th>Time</th>
              <th>Repos</th>
              <th>Metadata</th>
              <th>Worker</th>
              <th>Created</th>
            </tr>
          </thead>
          <tbody>
            {list?.map((session) => (
              <SessionRow key={session.id} session={session} />
            ))}
          </tbody>
        </table>
      </div>
      {list?.length === 0 && <NoSessions />}
      {sessions.isCut.value && <p class="quiet note">Older ones are not kept on this page. The filter finds them.</p>}
      <More hasMore={sessions.hasMore.value} onMore={() => void run(() => sessions.more())} />
    </section>
  );
}

function NoSessions() {
  const mayStart = useMay('start');
  return (
    <p class="quiet empty">
      No sessions here. {mayStart && <a href="#start">Start one</a>}
      {mayStart && ', or look for others.'}
    </p>
  );
}
