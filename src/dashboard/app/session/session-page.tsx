import { useSignal } from '@preact/signals';
import { follow } from '../client/follow.ts';
import type { SessionEvent } from '../client/wire.ts';
import { useDeps } from '../live/deps.ts';
import { useWhile } from '../live/use-while.ts';
import { LogView } from '../log/log-view.tsx';
import { Badge } from '../ui/badge.tsx';
import { Controls } from './controls/controls.tsx';
import { FailureNote } from './failure-note.tsx';
import { NetworkDecisions } from './network-decisions.tsx';
import { ReceiptView } from './receipt-view.tsx';
import { Repos } from './repos.tsx';
import { SessionFacts } from './session-facts.tsx';
import { Steps } from './steps.tsx';
import { Timeline } from './timeline.tsx';

/** One session: what it is, what it does, and what may be done with it. */
export function SessionPage({ id }: { id: string }) {
  const { sessions, client } = useDeps();
  const events = useSignal<SessionEvent[]>([]);
  useWhile(
    (signal) => {
      sessions.hold(id, signal);
      const onMessages = (more: SessionEvent[]) => {
        events.value = [...events.peek(), ...more];
        sessions.refresh(id);
      };
      // A session that is not there is said to be so by its facts.
      void follow(client, `/v1/sessions/${encodeURIComponent(id)}/events`, { signal, onMessages }).catch(
        () => undefined,
      );
    },
    [id],
  );
  const session = sessions.one(id);
  const problem = sessions.problemOf(id);
  if (problem !== null) {
    return (
      <section>
        <h2>{id}</h2>
        <p role="alert">{problem}</p>
        <a href="#sessions">All sessions</a>
      </section>
    );
  }
  if (session === undefined) return <p class="quiet">Looking for {id}…</p>;
  if (session === null) {
    return (
      <section>
        <h2>{id}</h2>
        <p>There is no such session, or none that this key sees. It may have been forgotten.</p>
        <a href="#sessions">All sessions</a>
      </section>
    );
  }
  return (
    <section class="session" aria-labelledby="session-title">
      <div class="title">
        <a href="#sessions" aria-label="All sessions" class="back">
          ←
        </a>
        <h2 id="session-title">
          <code>{id}</code>
        </h2>
        <Badge state={session.status} />
        <Controls session={session} />
      </div>
      <FailureNote session={session} />
      <div class="columns">
        <div>
          <SessionFacts session={session} />
          <Steps session={session} events={events.value} />
          <Repos session={session} />
          <NetworkDecisions session={session} events={events.value} />
          <ReceiptView session={session} />
          <Timeline events={events.value} />
        </div>
        <LogView id={id} />
      </div>
    </section>
  );
}
