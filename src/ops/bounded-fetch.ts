/** An answer is longer than it is read. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';

  constructor(who: string, maxBytes: number) {
    super(`${who} answers with more than ${maxBytes} bytes`);
  }
}

/**
 * `fetch` whose answers have at most `maxBytes`, counted after they are unpacked. Reading what has more fails with
 * `AnswerTooLong`, and closes the connection. `who` answers, in the words of the error: `The repo host`.
 */
export function boundedFetch({ who, maxBytes }: { who: string; maxBytes: number }): typeof fetch {
  return async (...asked) => boundAnswer(await fetch(...asked), { who, maxBytes });
}

/** The same of an answer that has begun to come, and of which nothing was read yet. */
export function boundAnswer(response: Response, { who, maxBytes }: { who: string; maxBytes: number }): Response {
  if (response.body === null) return response;
  const { status, statusText, headers } = response;
  const bound = bounded(() => new AnswerTooLong(who, maxBytes), maxBytes);
  return new Response(response.body.pipeThrough(bound), { status, statusText, headers });
}

function bounded(
  tooLong: () => Error,
  maxBytes: number,
): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLong();
      controller.enqueue(chunk);
    },
  });
}
