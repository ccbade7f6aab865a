import { raw, type Request, type Response } from 'express';
import { Refusal } from '../errors.ts';
import { TooSmallPieces } from '../http/small-pieces.ts';
import { parseBody } from './check-json.ts';

/** What a call of the API may send, unless its operation says otherwise. */
export const MAX_BODY_BYTES = 1024 * 1024;

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const TYPE_NEEDED = 'The body must be JSON, sent with Content-Type: application/json.';

export type ReadBody = (req: Request, res: Response) => Promise<unknown>;

/**
 * Reads a JSON body of at most so many bytes; undefined when there is none. A body without a Content-Type is taken for JSON. Throws
 * `invalid_json`, `body_too_large`, and what `parseBody` throws.
 */
export function createReadBody(maxBytes: number): ReadBody {
  const read = raw({ limit: maxBytes, type: () => true });
  return async (req, res) => {
    const type = req.headers['content-type'];
    if (type !== undefined && !/^application\/(.+\+)?json\s*(;|$)/i.test(type)) {
      throw new Refusal('invalid_json', `${TYPE_NEEDED} This one is ${type}.`);
    }
    const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(type ?? '')?.[1];
    if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
      throw new Refusal('invalid_json', `${TYPE_NEEDED} It must be in UTF-8.`);
    }
    if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Express' own reader answers only when all of it has come, however long it is.
    let came = 0;
    const count = (chunk: Buffer): void => {
      came += chunk.length;
      if (came > maxBytes) reject(tooLarge(maxBytes));
    };
    req.on('data', count);
    read(req, res, (error?: unknown) => (error === undefined ? resolve() : reject(asRefusal(error, maxBytes))));
    await promise.finally(() => req.off('data', count));
    const bytes: unknown = req.body;
    if (!Buffer.isBuffer(bytes)) return undefined;
    return bytes.length === 0 ? {} : parseBody(withoutMark(bytes));
  };
}

/** Some editors and shells put a byte order mark before what they send. */
function withoutMark(bytes: Buffer): Buffer {
  return bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal('body_too_large', `The body may have at most ${maxBytes} bytes.`);
}

function asRefusal(error: unknown, maxBytes: number): unknown {
  if (error instanceof TooSmallPieces) return new Refusal('invalid_json', `It cannot be read: ${error.message}.`);
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  switch (type) {
    case 'entity.too.large':
      return tooLarge(maxBytes);
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
