import { Command } from 'commander';
import { z } from 'zod';
import { describe } from '../../errors.ts';
import { readFileUpTo } from '../../ops/read-file.ts';
import { receiptKeySchema, receiptKeySetSchema, type ReceiptKey } from '../../token/receipt/receipt-key.ts';
import { verifyReceipt, type ReceiptVerdict } from '../../token/receipt/verify-receipt.ts';
import { connectApi } from '../client/connect.ts';
import { sessionIdOf } from '../client/session-id.ts';
import { visibleJson } from '../terminal/visible.ts';
import type { CommandContext } from '../up/commands/context.ts';
import { CommandFailure, wrongUsage } from '../up/failure.ts';

const KEYS_PATH = '/.well-known/daypass-receipt-keys.json';
/** Receipts and keys have some kilobytes. */
const MAX_FILE_BYTES = 1024 ** 2;
const anyReceipt = z.record(z.string(), z.unknown());

interface ReceiptOptions {
  verify?: true;
  keys?: string;
  from?: string;
}

const REFUSALS: Record<Exclude<ReceiptVerdict, 'valid'>, string> = {
  unsigned: 'The receipt is not signed: it is not final yet, or has been for less than a few seconds.',
  unknown_key: 'The receipt names a key that is not among the keys it was to be verified with.',
  forged: 'The signature does not fit: the receipt is not as the minter signed it.',
};

/** `daypass receipt`. The receipt goes to standard output as it is, so that it can be kept. */
export function receiptCommand(context: CommandContext): Command {
  return new Command('receipt')
    .description("prints what became of a session's credential")
    .argument('[session]')
    .option('--verify', 'check the signature; fails when it is missing or does not fit')
    .option('--keys <file>', 'verify with the keys in this file (a JWK set) instead of asking the API for them')
    .option('--from <file>', 'a receipt that was kept, instead of one from the API')
    .action(async (sessionId: string | undefined, options: ReceiptOptions) => {
      if ((sessionId === undefined) === (options.from === undefined)) {
        throw wrongUsage('Name a session, or a file with --from.');
      }
      const receipt = await readReceipt(context, sessionId, options);
      context.progress.line(visibleJson(receipt, 2));
      if (options.verify !== true && options.keys === undefined) return;
      const verdict = judge(receipt, await readKeys(context, options));
      if (verdict !== 'valid') throw new CommandFailure(REFUSALS[verdict]);
      process.stderr.write('✓ The signature fits: this is what the minter signed.\n');
    });
}

async function readReceipt(context: CommandContext, sessionId: string | undefined, { from }: ReceiptOptions) {
  if (from !== undefined) return readJsonFile(from, anyReceipt);
  const api = await connectApi(context);
  return api.call('GET', `/v1/sessions/${await sessionIdOf(api, sessionId ?? '')}/receipt`, anyReceipt);
}

async function readKeys(context: CommandContext, { keys }: ReceiptOptions): Promise<ReceiptKey[]> {
  if (keys !== undefined) return (await readJsonFile(keys, receiptKeySetSchema)).keys;
  const found = await (await connectApi(context)).call('GET', KEYS_PATH, receiptKeySetSchema);
  // Keys of a kind that is not known here verify nothing here.
  return found.keys.flatMap((key) => receiptKeySchema.safeParse(key).data ?? []);
}

function judge(receipt: unknown, keys: ReceiptKey[]): ReceiptVerdict {
  try {
    return verifyReceipt(receipt, keys);
  } catch (error) {
    throw new CommandFailure('This is no receipt, or one of the keys is none.', { cause: error });
  }
}

async function readJsonFile<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFileUpTo(path, MAX_FILE_BYTES)));
  } catch (error) {
    throw new CommandFailure(`${path} cannot be read as what it should hold: ${describe(error)}`, { cause: error });
  }
}
