import { randomBytes } from 'node:crypto';
import { createRedactor } from '../../src/token/redactor.ts';
import { Secret } from '../../src/token/secret.ts';

const MEGABYTES = 10;

/**
 * Times, in ms, to mask three tokens in a log of 10 MB that comes in short lines, in long pieces, and in pieces made to
 * slow a naive search down: all the beginning of a secret, never the whole. The last two against the first show whether
 * the work grows with the log or with the pieces.
 */
export function benchMasking(rounds: number): { shortLines: number[]; longPieces: number[]; hostile: number[] } {
  const values = Array.from({ length: 3 }, () => `rlcr-${randomBytes(20).toString('hex')}`);
  const secrets = values.map((value) => new Secret(value));
  const line = Buffer.from(
    `${'a line of an ordinary build log, as agents write them all day long, '.padEnd(99, 'x')}\n`,
  );
  const long = Buffer.concat(Array.from({ length: 655 }, () => line));
  const hostile = Buffer.from((values[0] ?? '').slice(0, -1).repeat(1_490));
  const time = (piece: Buffer): number => {
    const redactor = createRedactor(secrets);
    const began = performance.now();
    for (let bytes = 0; bytes < MEGABYTES * 1e6; bytes += piece.length) redactor.push(piece);
    redactor.flush();
    return performance.now() - began;
  };
  const runs = Array.from({ length: rounds }, () => ({ short: time(line), long: time(long), hostile: time(hostile) }));
  return {
    shortLines: runs.map(({ short }) => short),
    longPieces: runs.map((run) => run.long),
    hostile: runs.map((run) => run.hostile),
  };
}
