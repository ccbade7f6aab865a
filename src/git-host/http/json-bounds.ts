/** No call has more than six levels. */
const MAX_DEPTH = 32;
/** Of lists and objects: a tree of files has one for each. */
const MAX_CONTAINERS = 500_000;

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Why this JSON would take much more memory than its bytes once it is parsed; null when it would not. Tens of millions of
 * empty lists fit into a body, and each takes some fifty bytes. What is no JSON at all is not found out here.
 */
export function jsonProblem(text: Buffer): string | null {
  let depth = 0;
  let containers = 0;
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at];
    if (byte === QUOTE) at = endOfString(text, at);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      depth += 1;
      containers += 1;
      if (depth > MAX_DEPTH) return `the body is nested deeper than ${MAX_DEPTH} levels`;
      if (containers > MAX_CONTAINERS) return `the body has more than ${MAX_CONTAINERS} lists and objects`;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth -= 1;
  }
  return null;
}

/** Where the string that begins here ends: contents of files are long, so it is looked for and not walked to. */
function endOfString(text: Buffer, start: number): number {
  for (let end = text.indexOf(QUOTE, start + 1); end !== -1; end = text.indexOf(QUOTE, end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
