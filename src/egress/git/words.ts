import type { ServerResponse } from 'node:http';
import { FLUSH, packet } from './pkt-line.ts';

/*
 * How the gateway says no in git's own words, so that whoever pushes reads the rule and not a number.
 */

export type Service = 'git-upload-pack' | 'git-receive-pack';

const NO_CACHE = { 'cache-control': 'no-cache, no-store' };

/** `fatal: remote error: daypass: …`, to the question with which every fetch and push begins. */
export function refuseService(res: ServerResponse, service: Service, reason: string): void {
  res.writeHead(200, { ...NO_CACHE, 'content-type': `application/x-${service}-advertisement` });
  res.end(Buffer.concat([packet(`# service=${service}\n`), FLUSH, packet(`ERR daypass: ${reason}`)]));
}

/** The same, to the second request of a fetch or a push. */
export function refuseRequest(res: ServerResponse, service: Service, reason: string): void {
  res.writeHead(200, { ...NO_CACHE, 'content-type': `application/x-${service}-result` });
  res.end(packet(`ERR daypass: ${reason}`));
}

/** `! [remote rejected] main -> main (daypass: …)` for each ref, by the report that git has asked for. */
export function refusePush(
  res: ServerResponse,
  capabilities: ReadonlySet<string>,
  refs: { ref: string; reason: string }[],
): void {
  const reports = capabilities.has('report-status') || capabilities.has('report-status-v2');
  const [first] = refs;
  if (!reports || first === undefined) return refuseRequest(res, 'git-receive-pack', first?.reason ?? 'refused');
  const report = Buffer.concat([
    packet('unpack ok\n'),
    ...refs.map(({ ref, reason }) => packet(`ng ${ref} daypass: ${reason}\n`)),
    FLUSH,
  ]);
  res.writeHead(200, { ...NO_CACHE, 'content-type': 'application/x-git-receive-pack-result' });
  if (!capabilities.has('side-band-64k')) return void res.end(report);
  const words = [...new Set(refs.map(({ reason }) => reason))].map((reason) => packet(`\u0002daypass: ${reason}\n`));
  res.end(Buffer.concat([...words, ...inBand(report), FLUSH]));
}

/** HTTP's own words, for what is not git and for trouble that another try may mend; git shows such a text too. */
export function refuseHttp(res: ServerResponse, status: number, reason: string): void {
  res.writeHead(status, { ...NO_CACHE, 'content-type': 'text/plain; charset=utf-8' }).end(`daypass: ${reason}\n`);
}

const BAND_BYTES = 65_000;

function inBand(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += BAND_BYTES)
    pieces.push(packet(Buffer.concat([Buffer.from([1]), bytes.subarray(at, at + BAND_BYTES)])));
  return pieces;
}
