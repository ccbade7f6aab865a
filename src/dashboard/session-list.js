// @ts-check
import { badge, byId, clock, element } from './dom.js';

/** The most rows shown; older ones fall off the end. */
const MAX_ROWS = 200;

/** The table of sessions, newest first. */
export function createSessionList() {
  const body = byId('sessions');
  /** @type {Map<string, { createdAt: string, row: HTMLElement }>} */
  const rows = new Map();
  /** @type {string | null} */
  let selected = null;

  const settle = () => {
    byId('none').hidden = rows.size > 0;
    const newestFirst = [...rows].toSorted(([, a], [, b]) => b.createdAt.localeCompare(a.createdAt));
    for (const [id, { row }] of newestFirst.splice(MAX_ROWS)) {
      rows.delete(id);
      row.remove();
    }
    newestFirst.forEach(([, { row }], index) => {
      if (body.children[index] !== row) body.insertBefore(row, body.children[index] ?? null);
    });
  };

  const put = (/** @type {any} */ session) => {
    const row = rows.get(session.id)?.row ?? element('tr', { 'data-session': session.id });
    row.replaceChildren(...cells(session));
    row.setAttribute('aria-selected', String(session.id === selected));
    rows.set(session.id, { createdAt: session.createdAt, row });
  };

  return {
    /** @param {any[]} sessions */
    replace(sessions) {
      rows.clear();
      body.replaceChildren();
      sessions.forEach(put);
      settle();
    },
    /**
     * @param {string} id
     * @param {any} session null when it is forgotten
     */
    update(id, session) {
      if (session === null) {
        rows.get(id)?.row.remove();
        rows.delete(id);
      } else put(session);
      settle();
    },
    /** @param {string | null} id */
    select(id) {
      selected = id;
      for (const [key, { row }] of rows) row.setAttribute('aria-selected', String(key === id));
    },
  };
}

/** @param {any} session */
function cells(session) {
  const { id, token } = session;
  const tokenCell = token === null ? [document.createTextNode('–')] : [badge(token.state)];
  if (token?.fingerprint) tokenCell.push(document.createTextNode(' '), fingerprint(token.fingerprint));
  return [
    element('td', {}, [element('a', { href: `#${id}`, text: id })]),
    element('td', {}, [badge(session.status)]),
    element('td', {}, tokenCell),
    element('td', { text: clock(session.createdAt) }),
  ];
}

/** @param {string} text */
function fingerprint(text) {
  return element('span', { text, class: 'fingerprint' });
}
