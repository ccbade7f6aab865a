import { createGit } from '../../src/cli/up/sample/git.ts';
import { readBack } from '../../src/cli/up/sample/read-back.ts';
import { Secret } from '../../src/token/secret.ts';
import { createRepo, logOf, settled, startSession } from '../scenarios/session.ts';
import { ACCOUNT_KEY, type Stack } from '../support/stack.ts';
import { lastWords, type FakeModel } from './model/server.ts';
import { fillIn, type Recipe } from './recipes.ts';

const AUTHORITY_FILE = 'authority.pem';
const MODEL_KEY = 'sk-obviously-fake-model-key-of-a-test';
/** The note that the model has the agent leave, and the commit it makes of it. */
const NOTE = 'An agent was here.';
const SUBJECT = 'Leave a note from the model';
export const AGENT_COMMAND = `echo '${NOTE}' >> NOTE.md && git add NOTE.md && git commit -qm '${SUBJECT}' && git push -q origin HEAD`;

export interface AgentRun {
  /** What is not as docs/agents.md and the README promise, as sentences. */
  wrong: string[];
  /** What the agent asked its model, as `METHOD PATH`. */
  asked: string[];
  /** `HOST:PORT` of whatever else it wanted to reach. */
  refused: string[];
  /** From the command's start to its end. */
  seconds: number;
  log: string;
}

interface WireEvent {
  type: string;
  time: string;
  detail: { host?: string; port?: number; verdict?: string };
}

export interface AgentRunDeps {
  stack: Stack;
  model: FakeModel;
  /** PEM of the authority of the model's certificate. */
  ca: string;
  image: string;
}

/** One session by the recipe, against the fake model, from its start until its token and container are gone. */
export async function runAgent(recipe: Recipe, { stack, model, ca, image }: AgentRunDeps): Promise<AgentRun> {
  const repoId = await createRepo(stack, { 'README.md': '# Hello\n', [AUTHORITY_FILE]: ca });
  // Only a test's model has a certificate of a test's authority; each agent has a variable of its own for that.
  const trusted = `/workspace/${recipe.request.repos[0]?.path}/${AUTHORITY_FILE}`;
  const env = { NODE_EXTRA_CA_CERTS: trusted, SSL_CERT_FILE: trusted };
  const values = { image, repoId, task: 'Leave a note, commit it and push it.', modelKey: MODEL_KEY, env };
  const { id } = await startSession(stack, { ...fillIn(recipe, values), timeoutSeconds: 120 });
  const log = await logOf(stack, id);
  const ended = await settled(stack, id);
  const answer = await stack.call('GET', `/v1/sessions/${id}/events?limit=200`);
  const { data: events } = (await answer.json()) as { data: WireEvent[] };
  const git = createGit(process.env, { url: stack.gitHostUrl, key: new Secret(ACCOUNT_KEY) });
  const pushed = await readBack(git, `${stack.gitHostUrl}/repo/${repoId}.git`, 'main');
  const shown = [log, JSON.stringify(events), JSON.stringify(ended)];
  const wrong = [
    ended.status === 'succeeded' ? '' : `the session is ${ended.status}, exit code ${ended.exitCode}`,
    pushed.includes(SUBJECT) ? '' : `nothing of the agent was pushed; main is at ${pushed}`,
    log.includes(lastWords('[secret]')) ? '' : 'the model’s last words, which name its key, are not in the log',
    shown.some((text) => text.includes(MODEL_KEY)) ? 'the model’s key is shown' : '',
    ended.token?.state === 'revoked' && ended.token.verifiedAt !== null ? '' : `the token is ${ended.token?.state}`,
  ].filter((sentence) => sentence !== '');
  const at = (wanted: string): number => Date.parse(events.find(({ type }) => type === wanted)?.time ?? '');
  const seconds = (at('ended') - at('running')) / 1_000;
  return { wrong, asked: model.takeRequests(), refused: refusedIn(events), seconds, log };
}

function refusedIn(events: readonly WireEvent[]): string[] {
  const refused = events.filter(({ type, detail }) => type === 'network' && detail.verdict === 'refused');
  return [...new Set(refused.map(({ detail }) => `${detail.host}:${detail.port}`))];
}
