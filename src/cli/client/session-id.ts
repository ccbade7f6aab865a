import { sessionSchema } from '../../api/schemas/session.ts';
import { EXIT } from '../exit-codes.ts';
import { visible } from '../terminal/visible.ts';
import { CommandFailure, wrongUsage } from '../up/failure.ts';
import type { Api } from './connect.ts';
import { everyPage } from './every-page.ts';

const PREFIX = 'ses_';
/** `ses_` and what nanoid makes. */
const WHOLE = /^ses_[\w-]{21}$/;
/** A beginning is looked for among so many of the newest. */
const LOOKED_AT = 1_000;
const SHOWN = 5;

/** The session that a beginning of an id names, with or without `ses_`. Throws when it names none, or several. */
export async function sessionIdOf(api: Api, given: string): Promise<string> {
  if (WHOLE.test(given)) return given;
  if (given === '' || given === PREFIX) throw wrongUsage('The id of a session is missing: daypass ls lists them.');
  const wanted = given.startsWith(PREFIX) ? given : `${PREFIX}${given}`;
  const { items, unreadable } = await everyPage(api, '/v1/sessions', sessionSchema, { atMost: LOOKED_AT });
  const sessions = [...items, ...unreadable];
  const ids = sessions.map(({ id }) => id).filter((id) => id.startsWith(wanted));
  const [found] = ids;
  if (found === undefined) {
    throw new CommandFailure(
      `No session begins with "${visible(given)}"${sessions.length < LOOKED_AT ? '' : ` among the newest ${LOOKED_AT}`}. daypass ls lists them.`,
      { exitCode: EXIT.notFound },
    );
  }
  if (ids.length === 1 || ids.includes(wanted)) return ids.includes(wanted) ? wanted : found;
  const more = ids.length > SHOWN ? ' …' : '';
  throw new CommandFailure(
    `"${visible(given)}" is the beginning of ${ids.length} sessions; write more of it: ${ids.slice(0, SHOWN).join(' ')}${more}`,
    { exitCode: EXIT.usage },
  );
}
