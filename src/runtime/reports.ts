import { SessionError } from '../errors.ts';
import { MAX_REPORT_BYTES } from './init-protocol.ts';

const HEADER_BYTES = 16;
const KINDS = 'oepqRLBXgGNHZD';

/** One report of init, as it came; see `init-protocol.ts`. */
export interface Report {
  kind: string;
  /** When init wrote it, ms since 1970. */
  timeMs: number;
  payload: Buffer;
  /** The position in the file of reports right after it. */
  end: number;
}

/**
 * Reports out of a stream of bytes cut anywhere, which begins at the position `from` of the file of reports. Throws
 * `sandbox_failed` when the bytes are no report: init and worker differ.
 */
export async function* decodeReports(source: AsyncIterable<Uint8Array>, from = 0): AsyncGenerator<Report> {
  let pending = Buffer.alloc(0);
  let end = from;
  for await (const chunk of source) {
    pending = pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([pending, chunk]);
    while (pending.length >= HEADER_BYTES) {
      const kind = pending.toString('latin1', 0, 1);
      const length = pending.readUInt32BE(4);
      if (!KINDS.includes(kind) || length > MAX_REPORT_BYTES) {
        throw new SessionError('sandbox_failed', `Init sent no report: kind ${JSON.stringify(kind)}, ${length} bytes`);
      }
      if (pending.length < HEADER_BYTES + length) break;
      const timeMs = Number(pending.readBigUInt64BE(8));
      end += HEADER_BYTES + length;
      yield { kind, timeMs, payload: pending.subarray(HEADER_BYTES, HEADER_BYTES + length), end };
      pending = pending.subarray(HEADER_BYTES + length);
    }
  }
}

/** The NUL-terminated strings of a report's payload. */
export function strings(report: Report): string[] {
  return report.payload.toString().split('\0').slice(0, -1);
}
