import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { CommandFailure } from '../failure.ts';
import { isRefusedToUser } from '../refused-to-user.ts';

/** Makes the data directory, for this user alone, unless it is there. Throws, naming the setting, where this user may not write. */
export async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (!isRefusedToUser(error)) throw error;
    throw new CommandFailure(
      `User ${process.getuid?.()} may not write to ${dataDir}, where Daypass keeps its data. ` +
        'Set DAYPASS_DATA_DIR to a directory of your own.',
      { cause: error },
    );
  }
}
