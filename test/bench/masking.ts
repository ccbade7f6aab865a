import { randomBytes } from 'node:crypto';
import { createMasks } from '../../src/token/masks.ts';
import { createRedactor } from '../../src/token/redactor.ts';
import { Secret } from '../../src/token/secret.ts';
import { heldBytes } from '../support/held-bytes.ts';
import { LARGEST_SECRETS } from '../support/largest-secrets.ts';

const MEGABYTES = 10;

interface MaskingTimes {
  shortLines: number[];
  longPieces: number[];
  hostile: number[];
  manyLines: number[];
}

/**
 * Times, in ms, to mask three tokens in a log of 10 MB that comes in short lines, in long pieces, and in pieces made to
 * slow a naive search down: all the beginning of a secret, never the whole. The last two against the first show whether
 * the work grows with the log or with the pieces. Then the long pieces again, with all the secrets that a request may
 * have: 256 KiB in 4,096 lines.
 */
export function benchMasking(rounds: number): MaskingTimes {
  const values = Array.from({ length: 3 }, () => `rlcr-${randomBytes(20).toString('hex')}`);
  const secrets = values.map((value) => new Secret(value));
  const line = Buffer.from(
    `${'a line of an ordinary build log, as agents write them all day long, '.padEnd(99, 'x')}\n`,
  );
  const long = Buffer.concat(Array.from({ length: 655 }, () => line));
  const hostile = Buffer.from((values[0] ?? '').slice(0, -1).repeat(1_490));
  const files = LARGEST_SECRETS['lines as keys have them']().map((value) => new Secret(value));
  const time = (piece: Buffer, masked = secrets): number => {
    const redactor = createRedactor(masked);
    const began = performance.now();
    for (let bytes = 0; bytes < MEGABYTES * 1e6; bytes += piece.length) redactor.push(piece);
    redactor.flush();
    return performance.now() - began;
  };
  const runs = Array.from({ length: rounds }, () => ({
    short: time(line),
    long: time(long),
    hostile: time(hostile),
    many: time(long, files),
  }));
  return {
    shortLines: runs.map(({ short }) => short),
    longPieces: runs.map((run) => run.long),
    hostile: runs.map((run) => run.hostile),
    manyLines: runs.map(({ many }) => many),
  };
}

/** What the masks of a session cost that has the most secrets a request may have, in the kind that costs most. */
export interface MaskCosts {
  /** Of the processor, once for each session: meanwhile the worker does nothing else. */
  makingMs: number[];
  heldMb: number;
}

export function benchMakingMasks(rounds: number): MaskCosts {
  const secrets = LARGEST_SECRETS['lines with something to escape']().map((value) => new Secret(value));
  const make = () => {
    const masks = createMasks();
    masks.hold('ses_a', secrets);
    return masks;
  };
  const { bytes } = heldBytes(make);
  const makingMs = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    make();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return { makingMs, heldMb: bytes / 1e6 };
}
