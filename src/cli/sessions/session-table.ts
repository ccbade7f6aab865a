import type { SessionAnswer } from '../client/answers.ts';
import { age } from '../client/age.ts';
import { table } from '../client/table.ts';

const HEAD = ['ID', 'STATUS', 'AGE', 'RAN', 'EXIT', 'TOKEN', 'REPOS', 'METADATA'];
const SHORT_ID = 8;

/** Sessions for people, one a line. */
export function sessionTable(sessions: SessionAnswer[], now: Date): string[] {
  const rows = sessions.map((session) => [
    session.id,
    session.status,
    age(now.getTime() - Date.parse(session.createdAt)),
    ranFor(session, now),
    exitOf(session),
    session.token?.state ?? '-',
    session.repos.map(({ id, ref }) => `${id.slice(0, SHORT_ID)}${ref === null ? '' : `@${ref}`}`).join(','),
    Object.entries(session.metadata)
      .map(([name, value]) => `${name}=${value}`)
      .join(','),
  ]);
  return table(HEAD, rows);
}

/** How long its command has run, or ran. */
function ranFor({ runningAt, endedAt }: SessionAnswer, now: Date): string {
  if (runningAt === null) return '-';
  return age((endedAt === null ? now.getTime() : Date.parse(endedAt)) - Date.parse(runningAt));
}

function exitOf({ exitCode, failure }: SessionAnswer): string {
  return failure?.code ?? (exitCode === null ? '-' : `${exitCode}`);
}
