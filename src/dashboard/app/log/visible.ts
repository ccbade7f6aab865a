/* oxlint-disable no-control-regex -- control characters are what this is about */

/** What moves a cursor, sets a title or makes a link (CSI but for colours, OSC, DCS and their like): it means nothing here. */
const COMMANDS =
  /\u001b(?:\[[0-?]*[ -/]*[@-ln-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|[()*+][ -~]|[=>78cDEHMNOZ])/g;
const CONTROLS = /[\u0000-\u0008\u000a-\u001a\u001c-\u001f\u007f]|\u001b(?!\[[\d;:]*m)/g;
/** C1 controls, and what turns the direction of text around it or takes no room: made to fool whoever reads it. */
const DECEPTIVE = /[\u0080-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const PICTURES = 0x2400;
const PICTURE_OF_DELETE = '\u2421';

/**
 * A line in which nothing acts and nothing is hidden: escape sequences but for colours are gone, and every other control
 * character is a sign that can be seen. Tabs stay.
 */
export function visible(text: string): string {
  return text
    .replace(/\r$/, '')
    .replace(COMMANDS, '')
    .replace(CONTROLS, (control) =>
      control === '\u007f' ? PICTURE_OF_DELETE : String.fromCharCode(PICTURES + control.charCodeAt(0)),
    )
    .replace(DECEPTIVE, (sign) => `<${sign.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}>`);
}
