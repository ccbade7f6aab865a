import { SANDBOX_ID } from '../sandbox-id.ts';
import { noSuchContainer, WardenRefusal } from '../refusal.ts';
import type { Route } from '../route.ts';

/** What a request's target may look like at all. No escapes, so that there is one way to write each path. */
const TARGET = /^(?:\/v1\.\d{1,2})?(\/[A-Za-z0-9_./-]*)(?:\?([^#]*))?$/;

export interface Match {
  route: Route;
  /** Empty where the path names no sandbox. */
  sandboxId: string;
  query: Record<string, string>;
}

/** The one route that a request means. Throws 403 for everything that is not in the table, 404 for a name that nobody has. */
export function matchRoute(routes: readonly Route[], method: string, target: string): Match {
  const [, path = '', search = ''] = TARGET.exec(target) ?? [];
  for (const route of routes) {
    if (route.method !== method) continue;
    const named = nameIn(route.path, path);
    if (named === null) continue;
    if (named !== '' && !SANDBOX_ID.test(named)) throw noSuchContainer(named);
    return { route, sandboxId: named, query: readQuery(search) };
  }
  throw new WardenRefusal(403, `The warden passes on no ${method} of this path`);
}

/** null: the path is another one; else what stands for `{sandbox}` in it. */
function nameIn(pattern: string, path: string): string | null {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return null;
  let name = '';
  for (const [index, part] of given.entries()) {
    if (wanted[index] === '{sandbox}' && part !== '') name = part;
    else if (wanted[index] !== part) return null;
  }
  return name;
}

function readQuery(search: string): Record<string, string> {
  const entries = [...new URLSearchParams(search)];
  const query = Object.fromEntries(entries);
  if (Object.keys(query).length !== entries.length) throw new WardenRefusal(403, 'A parameter is given twice');
  return query;
}
