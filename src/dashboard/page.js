// @ts-check
import { createApi, currentLogin, logIn, logOut, LoggedOut } from './api.js';
import { createDebt } from './debt.js';
import { byId } from './dom.js';
import { follow } from './follow.js';
import { createSessionList } from './session-list.js';
import { showFacts, showSession } from './session-detail.js';

const PAGE_SIZE = 100;

/** @param {string} note why a key is asked for, if not for the first time */
function askForKey(note) {
  byId('main').hidden = true;
  byId('leave').hidden = true;
  byId('live').textContent = '';
  byId('enter').hidden = false;
  byId('enter-note').textContent = note;
  byId('key').focus();
}

/** @param {import('./api.js').Login} login */
async function show(login) {
  const leaving = new AbortController();
  byId('enter').hidden = true;
  byId('main').hidden = false;
  byId('leave').hidden = false;
  byId('leave').addEventListener('click', () => leaving.abort(), { signal: leaving.signal });
  try {
    await watchSessions(createApi(), leaving.signal);
    await logOut(login);
    askForKey('');
  } catch (error) {
    if (!(error instanceof LoggedOut)) throw error;
    askForKey(error.message);
  } finally {
    leaving.abort();
  }
}

/**
 * @param {ReturnType<typeof createApi>} api
 * @param {AbortSignal} signal
 */
async function watchSessions(api, signal) {
  const list = createSessionList();
  const debt = createDebt(api, signal);
  const refresh = createRefresh(api, (id, session) => {
    list.update(id, session);
    if (id === selectedId()) showFacts(session);
  });

  let showing = new AbortController();
  const select = () => {
    showing.abort();
    showing = new AbortController();
    const id = selectedId();
    list.select(id);
    byId('detail').hidden = id === null;
    if (id === null) return;
    void refresh(id);
    void showSession(api, id, AbortSignal.any([showing.signal, signal])).catch(() => undefined);
  };
  window.addEventListener('hashchange', select, { signal });
  select();

  await follow(api, '/v1/events', {
    signal,
    onOpen: async () => {
      // Read after the stream is open, so that nothing falls between the two.
      const { data } = await api.get(`/v1/sessions?limit=${PAGE_SIZE}`);
      list.replace(data);
      list.select(selectedId());
      byId('live').textContent = 'live';
    },
    onBreak: () => {
      byId('live').textContent = 'connection lost, trying again…';
    },
    onMessages: (events) => {
      for (const id of new Set(events.map(({ sessionId }) => sessionId))) void refresh(id);
      if (events.some(({ type }) => type.startsWith('token_'))) void debt.look();
    },
  });
  showing.abort();
}

/**
 * Reads a session again; however often it is asked for meanwhile, once more at the end is enough.
 * @param {ReturnType<typeof createApi>} api
 * @param {(id: string, session: any) => void} onSession
 */
function createRefresh(api, onSession) {
  /** @type {Map<string, boolean>} by id under way, whether it is to be read again */
  const under = new Map();
  return async (/** @type {string} */ id) => {
    if (under.has(id)) {
      under.set(id, true);
      return;
    }
    do {
      under.set(id, false);
      // A failed read is made good when the stream, which fails with it, is open again.
      const session = await api.get(`/v1/sessions/${encodeURIComponent(id)}`).catch(() => undefined);
      if (session !== undefined) onSession(id, session);
    } while (under.get(id));
    under.delete(id);
  };
}

function selectedId() {
  const id = location.hash.slice(1);
  return id === '' ? null : id;
}

byId('enter').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = /** @type {HTMLInputElement} */ (byId('key'));
  const key = input.value.trim();
  input.value = '';
  void logIn(key).then(show, (/** @type {unknown} */ error) => {
    if (!(error instanceof Error)) throw error;
    askForKey(error.message);
  });
});

const login = await currentLogin().catch(() => null);
if (login === null) askForKey('');
else void show(login);
