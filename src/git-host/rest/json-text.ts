const PIECE_BYTES = 256 * 1024;

/** Text in UTF-8 as the inside of a JSON string, in pieces: of a large file there is no second copy as a whole. */
export function* jsonText(content: Buffer): Generator<string> {
  for (let start = 0; start < content.length;) {
    let end = Math.min(start + PIECE_BYTES, content.length);
    // Not within a character: its later bytes are 10xxxxxx.
    while (end < content.length && ((content[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    yield JSON.stringify(content.toString('utf8', start, end)).slice(1, -1);
    start = end;
  }
}
