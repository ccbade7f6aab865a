// @ts-check
import { byId, element } from './dom.js';

const LOOK_EVERY_MS = 5_000;
const MAX_UNKNOWN = 100;

/**
 * Shows the tokens that are to be gone and are not, and those of unknown fate, until the signal aborts. `look` reads them
 * again at once, for whoever has seen something change.
 * @param {ReturnType<typeof import('./api.js').createApi>} api
 * @param {AbortSignal} signal
 */
export function createDebt(api, signal) {
  let under = false;
  let again = false;
  const look = async () => {
    again = under;
    if (under || signal.aborted) return;
    under = true;
    try {
      await show(api);
    } catch {
      // An old figure would look like a present one.
      if (!signal.aborted) showFigure('–', 'The figures cannot be read.', false);
    } finally {
      under = false;
    }
    if (again) void look();
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  signal.addEventListener('abort', () => clearInterval(timer));
  void look();
  return { look };
}

/** @param {ReturnType<typeof import('./api.js').createApi>} api */
async function show(api) {
  const { revocationDebt, tokens } = await api.get('/v1/stats');
  const { count, oldestSeconds, alarm } = revocationDebt;
  showFigure(`${count}`, debtText(count, oldestSeconds, alarm), alarm);
  const unknown = tokens.unknown === 0 ? [] : (await api.get(`/v1/tokens?state=unknown&limit=${MAX_UNKNOWN}`)).data;
  byId('unknown').hidden = unknown.length === 0;
  byId('unknown-tokens').replaceChildren(...unknown.map(unknownRow));
}

/**
 * @param {string} figure
 * @param {string} text
 * @param {boolean} alarm
 */
function showFigure(figure, text, alarm) {
  byId('debt').classList.toggle('alarm', alarm);
  byId('debt-figure').textContent = figure;
  byId('debt-text').textContent = text;
}

/**
 * @param {number} count
 * @param {number | null} oldestSeconds
 * @param {boolean} alarm
 */
function debtText(count, oldestSeconds, alarm) {
  if (count === 0 || oldestSeconds === null) return 'tokens left to delete. Every token that is to be gone is gone.';
  const some = count === 1 ? 'token is to be gone and is not yet' : 'tokens are to be gone and are not yet';
  const due = `${some}; due for up to ${duration(oldestSeconds)}.`;
  return alarm ? `${due} Overdue! Look at the log of the minter: the repo host may be away, or refuse the key.` : due;
}

/** @param {number} seconds */
function duration(seconds) {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

/** @param {any} token */
function unknownRow({ id, sessionId, repoIds, expiresAt }) {
  const end = expiresAt === null ? 'not known' : new Date(expiresAt).toLocaleString();
  return element('tr', { 'data-token': id }, [
    element('td', { text: id, class: 'fingerprint' }),
    element('td', {}, [element('a', { href: `#${sessionId}`, text: sessionId })]),
    element('td', { text: repoIds.join(', '), class: 'fingerprint' }),
    element('td', {}, [element('time', { datetime: expiresAt ?? undefined, text: end })]),
  ]);
}
