// @ts-check

/**
 * An element with text in it, never markup: what sessions write is shown as it is.
 * @param {string} name
 * @param {{ text?: string, class?: string, [attribute: string]: string | undefined }} [attributes]
 * @param {Node[]} [children]
 */
export function element(name, { text, ...attributes } = {}, children = []) {
  const node = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined) node.setAttribute(attribute, value);
  }
  if (text !== undefined) node.textContent = text;
  node.append(...children);
  return node;
}

/** @param {string} id */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`The page has no #${id}`);
  return node;
}

/** @param {string | null} iso */
export function clock(iso) {
  return iso === null ? '–' : new Date(iso).toLocaleTimeString();
}

/**
 * A state in its colour.
 * @param {string} state
 */
export function badge(state) {
  return element('span', { text: state, 'data-state': state });
}
