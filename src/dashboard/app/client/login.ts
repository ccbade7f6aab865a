import type { Scope } from '../../../access/scope.ts';
import { Problem, problemOf } from './problem.ts';

/** What the page has of a login; the login itself is in a cookie that no script can read. */
export interface Login {
  keyId: string;
  name: string;
  scopes: Scope[];
  /** Sent with every call that changes something. */
  csrfToken: string;
}

/** The login that this browser has; null when it has none. Throws a `Problem`. */
export async function currentLogin(): Promise<Login | null> {
  const response = await fetch('/login');
  if (!response.ok) throw await problemOf(response);
  return ((await response.json()) as { login: Login | null }).login;
}

/** Begins a login with a key, which is sent this once. Throws a `Problem` that says why not. */
export async function logIn(key: string): Promise<Login> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch('/login', { method: 'POST', headers, body: JSON.stringify({ key }) });
  if (!response.ok) throw await problemOf(response);
  const login = await currentLogin();
  if (login === null) {
    throw new Problem(
      'This browser did not keep the login: it keeps one only for an address with https, or on its own machine. ' +
        'Open the page so, for example by ssh -L 7070:127.0.0.1:7070 HOST and http://localhost:7070.',
    );
  }
  return login;
}

/** Ends it; one that is over already is as good. */
export async function logOut({ csrfToken }: Login): Promise<void> {
  await fetch('/logout', { method: 'POST', headers: { 'x-csrf-token': csrfToken } });
}
