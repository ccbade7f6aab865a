import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { ReadonlySignal } from '@preact/signals';
import { allows, type Scope } from '../../../access/scope.ts';
import type { Client } from '../client/client.ts';
import type { Login } from '../client/login.ts';
import type { Figures } from './figures.ts';
import type { Sessions } from './sessions.ts';

/** What every part of the page has while somebody is logged in. */
export interface Deps {
  login: Login;
  client: Client;
  sessions: Sessions;
  figures: Figures;
  now: ReadonlySignal<number>;
}

export const DepsContext = createContext<Deps | null>(null);

export function useDeps(): Deps {
  const deps = useContext(DepsContext);
  if (deps === null) throw new Error('Nobody is logged in.');
  return deps;
}

/** Whether the key that logged in may do what needs this scope; what it may not do is not offered. */
export function useMay(scope: Scope): boolean {
  return allows(useDeps().login.scopes, scope);
}
