// @ts-check
import { byId, clock, element } from './dom.js';
import { follow } from './follow.js';

/** The most lines kept on the page; all of them are in the log itself. */
const MAX_LINES = 5_000;
/** Colours and cursor moves mean nothing here. */
const TERMINAL_CODES = new RegExp(
  String.raw`\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\))`,
  'g',
);

/**
 * Shows one session with its timeline and its log, live, until the signal aborts.
 * @param {ReturnType<typeof import('./api.js').createApi>} api
 * @param {string} id
 * @param {AbortSignal} signal
 */
export async function showSession(api, id, signal) {
  byId('detail').hidden = false;
  byId('detail-id').textContent = id;
  byId('facts').replaceChildren();
  byId('timeline').replaceChildren();
  byId('log').replaceChildren();
  const path = `/v1/sessions/${encodeURIComponent(id)}`;
  await Promise.all([
    follow(api, `${path}/events`, { signal, onMessages: addToTimeline }),
    follow(api, `${path}/logs`, { signal, onMessages: addToLog }),
  ]);
}

/** @param {any} session null when it is forgotten */
export function showFacts(session) {
  byId('facts').replaceChildren(
    ...facts(session).flatMap(([name, value]) => [element('dt', { text: name }), element('dd', { text: value })]),
  );
}

/**
 * @param {any} session
 * @returns {[string, string][]}
 */
function facts(session) {
  if (session === null) return [['Status', 'There is no such session.']];
  const { token, failure, repos } = session;
  return [
    ['Status', session.exitCode === null ? session.status : `${session.status}, exit code ${session.exitCode}`],
    ...(failure === null
      ? []
      : [/** @type {[string, string]} */ (['Failure', `${failure.code} (${failure.step}): ${failure.message}`])]),
    [
      'Repos',
      repos.map((/** @type {any} */ repo) => `${repo.path}${repo.ref === null ? '' : ` @ ${repo.ref}`}`).join(', '),
    ],
    [
      'Token',
      token === null ? 'none yet' : [token.state, token.fingerprint, token.provider].filter(Boolean).join(' · '),
    ],
    ['Verified gone', clock(token?.verifiedAt ?? null)],
    ['Container', session.container === null ? 'none yet' : containerText(session.container)],
    ['Worker', session.worker ?? '–'],
    ['Deadline', clock(session.deadlineAt)],
  ];
}

/** @param {{ id: string, removedAt: string | null }} container */
function containerText({ id, removedAt }) {
  return removedAt === null ? id : `${id}, removed ${clock(removedAt)}`;
}

/** @param {any[]} events */
function addToTimeline(events) {
  byId('timeline').append(
    ...events.map(({ time, type, detail }) => {
      const what = Object.entries(detail).map(
        ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
      );
      return element('li', {}, [
        element('time', { datetime: time, text: clock(time) }),
        document.createTextNode(`${type.replaceAll('_', ' ')} `),
        element('span', { class: 'what', text: what.join(', ') }),
      ]);
    }),
  );
}

/** @param {any[]} records */
function addToLog(records) {
  const log = byId('log');
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  log.append(
    ...records.map(({ stream, text, partial }) =>
      element('span', { class: stream, text: `${text.replaceAll(TERMINAL_CODES, '')}${partial ? '' : '\n'}` }),
    ),
  );
  while (log.childElementCount > MAX_LINES) log.firstElementChild?.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
}
