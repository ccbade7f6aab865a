import { loadMinterSocket } from '../../../config.ts';
import { SessionError } from '../../../errors.ts';
import { isNeeded } from '../../../token/minter/key-usage.ts';
import { createKeysClient, type KeysClient, type RingReport } from '../../../token/minter/keys-client.ts';
import { CommandFailure } from '../failure.ts';
import { changeSealKeys, newSealKey } from '../installation/seal-keys-file.ts';
import { readSecrets } from '../installation/secrets.ts';
import { dataDirOf, startSettings } from '../installation/settings.ts';
import type { CommandContext } from './context.ts';

type KeyReport = RingReport['keys'][number];
type RingChange = Parameters<typeof changeSealKeys>[1];
type KeysCommand = (client: KeysClient, context: CommandContext) => Promise<void>;

/** Another change of the ring is done sooner. */
const RESTORE_PATIENCE_MS = 30_000;

/** The keys of the running minter, first the one that seals, with what each of them seals. */
export const listKeys: KeysCommand = async (client, { progress }) => {
  for (const line of ringLines(await client.report())) progress.line(line);
};

/**
 * Makes a new key and has everything sealed with it. Sessions that run do not notice. Who is killed on the way runs
 * `reseal`: whatever is sealed then, a key for it is in the file.
 */
export const rotateKeys: KeysCommand = async (client, { progress }) => {
  const { file } = await client.report();
  if (file === null) throw new CommandFailure(HOW_TO_ROTATE_SETTINGS);
  await changeSealKeys(file, (ring) => {
    const made = newSealKey(ring);
    progress.line(`${made.id} is the new first key in ${file}.`);
    return [made, ...ring];
  });
  for (const line of ringLines(await client.rotate())) progress.line(line);
};

/** Has everything sealed with the first key: after a rotation that was cut off, or a restart with a key put first. */
export const resealKeys: KeysCommand = async (client, { progress }) => {
  for (const line of ringLines(await client.rotate())) progress.line(line);
};

/** Removes a key that nothing needs. */
export function dropKey(id: string): KeysCommand {
  return async (client, { progress }) => {
    const { file, keys } = await client.report();
    const wanted = keys.find((key) => key.id === id && key.isInRing);
    if (wanted === undefined) throw new CommandFailure(`There is no key ${id} in the ring of the minter.`);
    if (wanted.isFirst) throw new CommandFailure(`${id} is the key that seals. Put another first: daypass keys rotate`);
    if (isNeeded(wanted))
      throw new CommandFailure(`${id} is needed: ${usesOf(wanted)}. First run: daypass keys reseal`);
    if (file === null)
      throw new CommandFailure(`Nothing needs ${id}: take it out of DAYPASS_SEAL_KEYS and restart the minter.`);
    const before = await changeSealKeys(file, (ring) => ring.filter((key) => key.id !== id));
    const dropped = before.filter((key) => key.id === id);
    try {
      await client.rotate();
    } catch (error) {
      // Something has come to need it since it was looked at. It alone is put back: others may have been made meanwhile.
      const restore: RingChange = (ring) => [
        ...ring,
        ...dropped.filter((key) => !ring.some((one) => one.id === key.id)),
      ];
      await changeSealKeys(file, restore, { patienceMs: RESTORE_PATIENCE_MS });
      throw error;
    }
    progress.line(`${id} is gone from ${file}.`);
  };
}

const HOW_TO_ROTATE_SETTINGS =
  'The minter has its keys from DAYPASS_SEAL_KEYS, which this command cannot change. Put a new key first there ' +
  '(kN:$(openssl rand -base64 32),…), keep the others behind it, restart the minter, and run: daypass keys reseal';

/** Runs one of the above against the minter of these settings, or of the installation in the data directory. */
export async function withMinter(context: CommandContext, command: KeysCommand): Promise<void> {
  const { env, root } = context;
  const dataDir = dataDirOf(env, root);
  const secrets = await readSecrets(dataDir);
  const uid = process.getuid?.() ?? 0;
  const socket = loadMinterSocket(secrets === null ? env : startSettings({ env, dataDir, secrets, uid }));
  const client = createKeysClient(socket);
  try {
    await command(client, context);
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    const hint =
      error.code === 'minter_unavailable'
        ? '. Start Daypass first; what was begun is finished by: daypass keys reseal'
        : '';
    throw new CommandFailure(error.message + hint, { cause: error });
  } finally {
    client.close();
  }
}

function ringLines({ keys }: RingReport): string[] {
  const old = keys.filter(({ isFirst, isInRing }) => isInRing && !isFirst);
  return [
    ...keys.map((key) => `${key.id}  ${roleOf(key)}: ${usesOf(key)}`),
    ...old
      .filter((key) => !isNeeded(key))
      .map(({ id }) => `${id} is no longer needed; remove it with: daypass keys drop ${id}`),
  ];
}

function roleOf({ isFirst, isInRing }: KeyReport): string {
  if (isFirst) return 'seals and opens';
  return isInRing ? 'opens' : 'is missing';
}

function usesOf({ tokens, spoolFiles, requestSecrets }: KeyReport): string {
  return `${tokens} tokens, ${spoolFiles} spool files, request secrets of ${requestSecrets} sessions`;
}
