/** Words between spaces and line breaks. */
export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** `KEY=VALUE`, one a line. A line without `=` is a name with nothing: what is wrong with it is for the API to say. */
export function pairsOf(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      return at === -1 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1).replace(/\r$/, '')];
    }),
  );
}
