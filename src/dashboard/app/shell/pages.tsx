import type { ReadonlySignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { AuditPage } from '../audit/audit-page.tsx';
import { KeysPage } from '../keys/keys-page.tsx';
import { SessionPage } from '../session/session-page.tsx';
import { SessionsPage } from '../sessions/sessions-page.tsx';
import { StartPage } from '../start/start-page.tsx';
import { TokensPage } from '../tokens/tokens-page.tsx';
import { WorkersPage } from '../fleet/workers-page.tsx';
import type { Route } from './route.ts';

/** What the address shows. */
export function Pages({ route }: { route: ReadonlySignal<Route> }) {
  const main = useRef<HTMLElement>(null);
  const shown = route.value;
  const name = shown.page === 'session' ? shown.id : shown.page;
  useEffect(() => {
    window.scrollTo(0, 0);
    // Whoever reads by ear or keyboard is taken to what is new.
    main.current?.focus({ preventScroll: true });
  }, [name]);
  return (
    <main ref={main} tabIndex={-1} key={name}>
      {contentOf(shown)}
    </main>
  );
}

function contentOf(route: Route) {
  switch (route.page) {
    case 'session':
      return <SessionPage id={route.id} />;
    case 'start':
      return <StartPage />;
    case 'tokens':
      return <TokensPage />;
    case 'workers':
      return <WorkersPage />;
    case 'keys':
      return <KeysPage />;
    case 'audit':
      return <AuditPage />;
    case 'sessions':
      return <SessionsPage />;
  }
}
