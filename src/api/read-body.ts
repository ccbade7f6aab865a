import { json, type Request, type Response } from 'express';
import { Refusal } from '../errors.ts';
import { requireModestJson } from './check-json.ts';

/** What any call of the API may send. */
export const MAX_BODY_BYTES = 1024 * 1024;

const TYPE_NEEDED = 'The body must be JSON, sent with Content-Type: application/json.';

export type ReadBody = (req: Request, res: Response) => Promise<unknown>;

/**
 * Reads a JSON body of at most so many bytes; undefined when there is none. A body without a Content-Type is taken for JSON. Throws
 * `invalid_json`, `body_too_large`, and what `requireModestJson` throws.
 */
export function createReadBody(maxBytes: number): ReadBody {
  const parse = json({ limit: maxBytes, strict: false, type: () => true });
  return async (req, res) => {
    const type = req.headers['content-type'];
    if (type !== undefined && !/^application\/(.+\+)?json\s*(;|$)/i.test(type)) {
      throw new Refusal('invalid_json', `${TYPE_NEEDED} This one is ${type}.`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    parse(req, res, (error?: unknown) => (error === undefined ? resolve() : reject(asRefusal(error, maxBytes))));
    await promise;
    const body: unknown = req.body;
    requireModestJson(body);
    return body;
  };
}

function asRefusal(error: unknown, maxBytes: number): unknown {
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  switch (type) {
    case 'entity.too.large':
      return new Refusal('body_too_large', `The body may have at most ${maxBytes} bytes.`);
    case 'entity.parse.failed':
      // The parser's own message quotes the body, which may hold secrets.
      return new Refusal('invalid_json', 'The body cannot be read as JSON.');
    case 'charset.unsupported':
    case 'encoding.unsupported':
    case 'request.aborted':
    case 'request.size.invalid':
      return new Refusal('invalid_json', `${TYPE_NEEDED} It could not be read.`, { cause: error });
    default:
      // Such as a compressed body that is none.
      if (error instanceof Error && 'status' in error && error.status === 400) {
        return new Refusal('invalid_json', `${TYPE_NEEDED} It could not be read.`, { cause: error });
      }
      return error;
  }
}
