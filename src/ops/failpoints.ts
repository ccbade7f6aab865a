import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Places at which a test of Daypass itself can kill, break or hold up a process, with what has happened when it gets there.
 * The names follow the order of a session; a setting that names another is refused at the start.
 */
export const FAILPOINTS = {
  'api.before_record': 'The request is checked; nothing of it is written.',
  'api.after_record': 'The session is accepted; it has no job yet.',
  'api.after_job': 'The session has its job; its caller has no answer yet.',

  'worker.job_taken': 'The job is this worker’s; the session still says queued.',
  'worker.intent_written': 'The session is starting and the ledger holds the intent to mint.',
  'worker.minted': 'The minter has said that the token is there.',
  'worker.container_created': 'The engine knows the sandbox; it has not started.',
  'worker.container_started': 'Init runs and waits for orders.',
  'worker.claimed': 'The session is claimed for this sandbox; its values are still with the minter.',
  'worker.env_delivered': 'The token is in the sandbox.',
  'worker.cloned': 'The repos are cloned.',
  'worker.agent_ordered': 'Init was told to start the command.',
  'worker.agent_started': 'The session is running.',
  'worker.renewal_intended': 'The ledger holds the intent of a token that is to follow the current one.',
  'worker.renewal_minted': 'The next token is there; the session has its current one still.',
  'worker.renewed': 'The session has the next token; the gateway may not know.',
  'worker.exit_seen': 'The command has ended; its log may not be complete.',
  'worker.log_drained': 'The log is complete; the session has not ended.',
  'worker.ended': 'The session has ended and its token is due; the job is still there.',
  'worker.handler_begun': 'The job is done; nothing is taken back yet.',
  'worker.token_revoked': 'The minter has said what became of the token; the record of the session may not know.',
  'worker.container_removed': 'The sandbox is gone; the record of the session does not say so.',

  'warden.places_made': 'The sandbox has its directories on the host; the engine does not know it.',
  'warden.container_started': 'The sandbox runs; its init may not be ready, and its directory is still open to it.',
  'warden.container_removed': 'The engine knows the sandbox no more; its directories are still there.',
  'warden.disk_formatted': 'The file of the sandbox’s disk has a file system; it is no loop device yet.',
  'warden.disk_attached': 'The file is a loop device, which nobody has mounted.',
  'warden.disk_mounted': 'The disk is mounted; the worker has no answer yet.',
  'warden.disk_unmounted': 'The sandbox is gone and nothing is mounted any more; the disk’s file is still there.',

  'minter.asked_written': 'The provider is about to be asked.',
  'minter.answered': 'The value is in this process and nowhere else.',
  'minter.spooled': 'The value is on the disk; the ledger still says intended.',
  'minter.activated': 'The ledger says active; the worker has no answer yet.',
  'minter.opened': 'The delivery is written down; the worker has no values yet.',
  'minter.deletion_sent': 'The provider has answered the deletion.',
  'minter.deletion_seen': 'The provider was seen to refuse the token; the ledger still says revoking.',
  'minter.revoked_written': 'The ledger says revoked; the value is still in the spool.',
  'minter.spool_dropped': 'The value is nowhere any more; the worker has no answer yet.',
} as const satisfies Record<string, string>;

export type FailpointName = keyof typeof FAILPOINTS;

type FailpointAction = 'kill' | 'throw' | 'hang' | { sleepMs: number };

export interface FailpointRule {
  name: FailpointName;
  action: FailpointAction;
  /** It happens when the process gets there for this time, from 1; or every time. */
  hit: number | 'all';
}

/**
 * Rules as the setting has them: `NAME=ACTION[@HIT]`, separated by commas; ACTION is `kill` (SIGKILL to the process
 * itself), `throw` (as a fault of the program), `hang` or `sleep:MS`; HIT is a number or `all`. Throws with what is wrong.
 */
export function parseFailpoints(text: string): FailpointRule[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map(parseRule);
}

function parseRule(text: string): FailpointRule {
  const [, name = '', word = '', ms, hit = '1'] =
    /^([\w.]+)=(kill|throw|hang|sleep:(\d+))(?:@([1-9]\d*|all))?$/.exec(text) ?? [];
  if (word === '') throw new Error(`must be NAME=ACTION[@HIT],… with kill, throw, hang or sleep:MS; this is ${text}`);
  if (!isFailpoint(name)) {
    throw new Error(`names ${name}; there are ${Object.keys(FAILPOINTS).join(', ')}`);
  }
  const action = ms === undefined ? (word as 'kill' | 'throw' | 'hang') : { sleepMs: Number(ms) };
  return { name, action, hit: hit === 'all' ? hit : Number(hit) };
}

function isFailpoint(name: string): name is FailpointName {
  return Object.hasOwn(FAILPOINTS, name);
}

/*
 * Of the process as a whole, unlike everything else here: a failpoint that had to be handed through every call would
 * change the very code that it is there to try. Empty outside of tests.
 */
const armed = new Map<FailpointName, { rule: FailpointRule; hits: number }>();

/** Only for a `main`, once, before anything runs. */
export function armFailpoints(rules: FailpointRule[]): void {
  for (const rule of rules) armed.set(rule.name, { rule, hits: 0 });
}

/** Does nothing unless a rule was set for this place. */
export async function failpoint(name: FailpointName): Promise<void> {
  const point = armed.get(name);
  if (point === undefined) return;
  point.hits += 1;
  if (point.rule.hit !== 'all' && point.hits !== point.rule.hit) return;
  const { action } = point.rule;
  if (action === 'throw') throw new TypeError(`The failpoint ${name} was told to throw`);
  if (action === 'kill') process.kill(process.pid, 'SIGKILL');
  await (typeof action === 'object' ? sleep(action.sleepMs) : new Promise(() => undefined));
}
