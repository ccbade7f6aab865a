import type { ReadonlySignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { createClient } from '../client/client.ts';
import type { Login } from '../client/login.ts';
import { startClock } from '../live/clock.ts';
import { DepsContext, type Deps } from '../live/deps.ts';
import { watchFigures } from '../live/figures.ts';
import { followSessions } from '../live/sessions.ts';
import { Header } from './header.tsx';
import { Pages } from './pages.tsx';
import { followRoute, type Route } from './route.ts';

interface LoggedInProps {
  login: Login;
  onLoggedOut: (why: string) => void;
  onLogOut: () => void;
}

/** Everything behind the login; all that it follows ends with it. */
export function LoggedIn({ login, onLoggedOut, onLogOut }: LoggedInProps) {
  const { deps, route, leaving } = useMemo(() => begin(login, onLoggedOut), []);
  useEffect(() => () => leaving.abort(), []);
  return (
    <DepsContext.Provider value={deps}>
      <Header route={route} onLogOut={onLogOut} />
      <Pages route={route} />
    </DepsContext.Provider>
  );
}

interface Begun {
  deps: Deps;
  route: ReadonlySignal<Route>;
  leaving: AbortController;
}

function begin(login: Login, onLoggedOut: (why: string) => void): Begun {
  const leaving = new AbortController();
  const { signal } = leaving;
  const client = createClient(login, document, onLoggedOut);
  const sessions = followSessions(client, signal);
  const figures = watchFigures(client, signal);
  sessions.onEvents((events) => {
    if (events.some(({ type }) => type.startsWith('token_') || type === 'ended' || type === 'accepted')) figures.look();
  }, signal);
  return {
    deps: { login, client, sessions, figures, now: startClock(client.clock, signal) },
    route: followRoute(signal),
    leaving,
  };
}
