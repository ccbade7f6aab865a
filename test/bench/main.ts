import { parseArgs } from 'node:util';
import { failOnCrash } from '../support/crashes.ts';
import { startStack } from '../support/stack.ts';
import { benchFirstLine } from './first-line.ts';
import { median, row } from './figures.ts';
import { benchLargeRepo } from './large-repo.ts';
import { benchMakingMasks, benchMasking } from './masking.ts';
import { benchSessionLogs } from './session-logs.ts';
import { benchWalls } from './walls.ts';

/*
 * `npm run bench`: how much a session costs beside the same work done by hand, as ratios of figures taken in turn in one
 * run, because absolute times say more of the machine than of Daypass. `-- --short` takes fewer rounds, which say too
 * little to be judged by.
 */
const { values } = parseArgs({ options: { short: { type: 'boolean', default: false } } });
const rounds = values.short ? 5 : 20;
/** The two differ by less than one round does from the next; a median of this many is good for 3 %. */
const wallsRounds = values.short ? 10 : 60;
/** What a session may cost at most; beyond it the bench fails. */
const MAX_FIRST_LINE_RATIO = 1.5;
/** What profile and gateway may cost at most. */
const MAX_WALLS_RATIO = 1.1;
const LARGE_REPO_MB = 500;
/** What git host and git processes together may hold while one large repo is pushed or cloned. */
const MAX_GIT_HOST_MB = 150;
/** What the masks of one session may hold in a worker. */
const MAX_MASKS_MB = 10;
const limit = (most: number): string => (values.short ? 'not judged after so few rounds' : `at most ${most}`);

await using stack = await startStack();
const { session, byHand } = await benchFirstLine(stack, rounds);
const ratio = median(session) / median(byHand);

process.stdout.write(
  [
    `Start to first line of the command, one small repo, ${rounds} rounds in turn (ms: min, median, max)`,
    row('Daypass: POST /v1/sessions', session),
    row('by hand: docker run --rm, git clone', byHand),
    `ratio of the medians: ${ratio.toFixed(2)} (${limit(MAX_FIRST_LINE_RATIO)})`,
    '',
  ].join('\n'),
);
const { walled, open } = await benchWalls(stack, wallsRounds);
const wallsRatio = median(walled) / median(open);
process.stdout.write(
  [
    `Start to first line, the sandbox alone, one small repo, ${wallsRounds} rounds in turn (ms: min, median, max)`,
    row('whole profile, by the gateway', walled),
    row("engine's defaults, the host's network", open),
    `ratio of the medians: ${wallsRatio.toFixed(2)} (${limit(MAX_WALLS_RATIO)})`,
    '',
  ].join('\n'),
);
const masking = benchMasking(rounds);
const hostileRatio = median(masking.hostile) / median(masking.longPieces);
process.stdout.write(
  [
    'Masking three tokens in 10 MB of log (ms: min, median, max)',
    row('in lines of 100 bytes', masking.shortLines),
    row('in pieces of 64 KB', masking.longPieces),
    row('in pieces of 64 KB made to be slow', masking.hostile),
    row('in pieces of 64 KB, 4,096 lines to mask', masking.manyLines),
    `ratio of hostile to ordinary: ${hostileRatio.toFixed(2)}`,
    '',
  ].join('\n'),
);
const masks = benchMakingMasks(rounds);
process.stdout.write(
  [
    'Making the masks of the most secrets a session may have (ms of processor: min, median, max)',
    row('256 KiB in 4,096 lines with something to escape', masks.makingMs),
    `they hold ${masks.heldMb.toFixed(1)} MB (at most ${MAX_MASKS_MB})`,
    '',
  ].join('\n'),
);
const logs = await benchSessionLogs(values.short ? 2 : 10);
process.stdout.write(
  [
    'A log of 500,000 lines of 100 bytes on disk (ms: min, median, max)',
    row('appended in batches of 200 lines', logs.append),
    row('the same bytes written plainly', logs.plain),
    row('read page by page', logs.read),
    row('cat', logs.cat),
    `ratios of the medians: appending ${(median(logs.append) / median(logs.plain)).toFixed(1)}, reading ${(median(logs.read) / median(logs.cat)).toFixed(1)}`,
    `the reading process grew by ${logs.readRssMb.toFixed(0)} MB; a line takes ${logs.bytesPerLine.toFixed(0)} bytes, ${logs.bytesPerLoneLine.toFixed(0)} when it is committed alone`,
    '',
  ].join('\n'),
);
const largeRepo = await benchLargeRepo(values.short ? 100 : LARGE_REPO_MB, values.short ? 1 : 3);
process.stdout.write(
  [
    'A repo of random files on the git host, 500 MB unless it is short (ms: min, median, max)',
    row('git clone from the git host', largeRepo.clone),
    row('git clone file://, git alone', largeRepo.byFile),
    `ratio of the medians: ${(median(largeRepo.clone) / median(largeRepo.byFile)).toFixed(2)}`,
    `host and its git processes held at most ${largeRepo.pushMb.toFixed(0)} MB in a push, ${largeRepo.cloneMb.toFixed(0)} MB in a clone (at most ${MAX_GIT_HOST_MB}), ${largeRepo.manyMb.toFixed(0)} MB in 20 clones at once, of which ${largeRepo.failed} failed`,
    '',
  ].join('\n'),
);
const isLean = Math.max(largeRepo.pushMb, largeRepo.cloneMb) <= MAX_GIT_HOST_MB && largeRepo.failed === 0;
const isFast = values.short || (ratio <= MAX_FIRST_LINE_RATIO && wallsRatio <= MAX_WALLS_RATIO);
process.exitCode = isFast && isLean && masks.heldMb <= MAX_MASKS_MB ? 0 : 1;
await failOnCrash();
