import { signal, type ReadonlySignal } from '@preact/signals';

const PAGES = ['sessions', 'start', 'tokens', 'workers', 'keys', 'audit'] as const;

export type PageName = (typeof PAGES)[number];

/** What the address shows: `#ses_…` one session, `#tokens` and its like a page, anything else the sessions. */
export type Route = { page: PageName } | { page: 'session'; id: string };

function routeOf(hash: string): Route {
  const name = hash.replace(/^#\/?/, '');
  if (name.startsWith('ses_')) return { page: 'session', id: name };
  return { page: PAGES.find((page) => page === name) ?? 'sessions' };
}

/** The route of the address bar, until the signal aborts. */
export function followRoute(until: AbortSignal): ReadonlySignal<Route> {
  const route = signal(routeOf(location.hash));
  window.addEventListener('hashchange', () => (route.value = routeOf(location.hash)), { signal: until });
  return route;
}
