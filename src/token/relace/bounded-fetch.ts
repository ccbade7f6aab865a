/** Far more than any answer about a token or a repo has. */
const MAX_ANSWER_BYTES = 8 * 1024 ** 2;

/** The repo host answers with more than is read of it. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';

  constructor() {
    super(`The repo host’s answer is longer than ${MAX_ANSWER_BYTES} bytes`);
  }
}

/**
 * `fetch` whose answers have at most 8 MiB, counted after they are unpacked. Reading what has more fails with `AnswerTooLong`, and
 * closes the connection.
 */
export async function boundedFetch(...asked: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...asked);
  if (response.body === null) return response;
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(bounded()), { status, statusText, headers });
}

function bounded(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) throw new AnswerTooLong();
      controller.enqueue(chunk);
    },
  });
}
