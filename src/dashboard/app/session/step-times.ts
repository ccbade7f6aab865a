import type { Session, SessionEvent } from '../client/wire.ts';

/** One step in a session's life; times in milliseconds since 1970. `to` null: it goes on. */
export interface Step {
  name: string;
  from: number;
  to: number | null;
}

/** The steps that have begun, in order, with when each began and ended: by the session's events, and its times. */
export function stepsOf(session: Session, events: SessionEvent[]): Step[] {
  const first = (...types: SessionEvent['type'][]) => at(events.find(({ type }) => types.includes(type))?.time);
  const last = (...types: SessionEvent['type'][]) => at(events.findLast(({ type }) => types.includes(type))?.time);
  const { createdAt, startedAt, runningAt, endedAt, timings } = session;
  const ended = at(endedAt);
  const started = events.find(({ type }) => type === 'container_started');
  const containerUp = at(started?.time);
  const revoked = last('token_revoked', 'token_expired');
  const stopping = first('stop_requested', 'stopping');

  const steps: { name: string; from: number | null; to: number | null }[] = [
    { name: 'queued', from: at(createdAt), to: at(startedAt) ?? ended },
    {
      name: 'token',
      from: first('token_intended'),
      to: first('token_active', 'token_refused', 'token_unknown') ?? ended,
    },
    { name: 'container', from: containerUp && containerUp - (timings.containerMs ?? 0), to: containerUp },
    { name: 'clone', from: first('clone_started'), to: first('running') === null ? ended : last('cloned') },
    { name: 'running', from: at(runningAt), to: stopping ?? ended },
    { name: 'stopping', from: runningAt === null ? null : stopping, to: ended },
    { name: 'revoked, verified', from: first('token_revoking'), to: revoked },
    { name: 'container removed', from: containerUp === null ? null : ended, to: first('container_removed') },
  ];
  return steps.flatMap(({ name, from, to }) => (from === null ? [] : [{ name, from, to: to && Math.max(from, to) }]));
}

function at(time: string | null | undefined): number | null {
  return time === null || time === undefined ? null : Date.parse(time);
}
