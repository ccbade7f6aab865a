import { StringDecoder } from 'node:string_decoder';

/**
 * The lines of a stream in UTF-8 as they come, without their line breaks; what follows the last one too, unless it is empty. A line
 * of more than `maxCharacters` comes in pieces of about so many, so that one without end takes no more memory than that.
 */
export async function* linesOf(source: AsyncIterable<Buffer | string>, maxCharacters: number): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  for await (const chunk of source) {
    const [first = '', ...rest] = (typeof chunk === 'string' ? chunk : decoder.write(chunk)).split('\n');
    begun += first;
    for (const next of rest) {
      yield begun.replace(/\r$/, '');
      begun = next;
    }
    if (begun.length <= maxCharacters) continue;
    yield begun;
    begun = '';
  }
  begun += decoder.end();
  if (begun !== '') yield begun;
}
