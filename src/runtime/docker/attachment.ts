import type { SandboxChannel } from '../sandbox-runtime.ts';

/** An error text longer than this says nothing more. */
const MAX_DIAGNOSTICS = 4_096;
const HEADER_BYTES = 8;
const STDERR = 2;

/**
 * The channel over an attached container's connection. Docker multiplexes both outputs over it: a header of the
 * stream's number, three zero bytes and a big-endian u32 length before each piece (Engine API, "Attach to a container").
 */
export function channelOver(connection: NodeJS.ReadWriteStream): SandboxChannel {
  let diagnostics = '';
  async function* reports(): AsyncGenerator<Uint8Array> {
    for await (const { stream, bytes } of demultiplex(connection)) {
      if (stream !== STDERR) yield bytes;
      else if (diagnostics.length < MAX_DIAGNOSTICS) diagnostics += bytes.toString();
    }
  }
  return {
    send: (order) =>
      new Promise((resolve, reject) => {
        connection.write(order, (error) => (error ? reject(error) : resolve()));
      }),
    reports: reports(),
    diagnostics: () => diagnostics.slice(0, MAX_DIAGNOSTICS),
    close: () => void connection.end(),
  };
}

async function* demultiplex(source: AsyncIterable<Buffer | string>): AsyncGenerator<{ stream: number; bytes: Buffer }> {
  let pending = Buffer.alloc(0);
  let stream = 0;
  let left = 0;
  for await (const chunk of source) {
    pending = Buffer.concat([pending, Buffer.from(chunk)]);
    for (;;) {
      if (left === 0) {
        if (pending.length < HEADER_BYTES) break;
        stream = pending.readUInt8(0);
        left = pending.readUInt32BE(4);
        pending = pending.subarray(HEADER_BYTES);
      }
      const bytes = pending.subarray(0, left);
      if (bytes.length === 0) break;
      left -= bytes.length;
      pending = pending.subarray(bytes.length);
      yield { stream, bytes };
    }
  }
}
