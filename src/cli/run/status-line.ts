const CLEAR_LINE = '\r\u001b[K';

/** One line of a terminal that is written over, and gone before anything else is printed. */
export interface StatusLine {
  show(text: string): void;
  clear(): void;
}

export function createStatusLine(screen: { write(text: string): unknown; isTTY?: boolean }): StatusLine {
  let isShown = false;
  return {
    show(text) {
      if (screen.isTTY !== true) return;
      screen.write(`${CLEAR_LINE}… ${text}`);
      isShown = true;
    },
    clear() {
      if (isShown) screen.write(CLEAR_LINE);
      isShown = false;
    },
  };
}
