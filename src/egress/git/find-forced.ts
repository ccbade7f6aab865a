import { descends } from './descent.ts';
import type { PushCommand } from './push-request.ts';
import type { ScratchRepo } from './scratch.ts';

/** Adds a pack of this name with what the repo host has beyond a commit. */
export type HostHistory = (scratch: ScratchRepo, name: string, beyondId: string) => Promise<void>;

/** A push that moves more branches than this to commits that the host has already is not looked into. */
const MAX_ASKED = 16;

/**
 * The refs that these commands would force, of a push whose pack is in the scratch repo. Most pushes carry every commit
 * from the new one down to the old; where one goes on in commits that the host has already, the host is asked for those.
 *
 * What the client says of the old commit is believed, since the host compares it with the ref in the step that moves it.
 */
export async function findForced(scratch: ScratchRepo, commands: PushCommand[], ask: HostHistory): Promise<string[]> {
  const open = await notDescending(scratch, commands);
  if (open.length === 0) return [];
  if (open.length > MAX_ASKED) return open.map(({ ref }) => ref);
  for (const [i, { oldId }] of open.entries()) await ask(scratch, `host-${i}`, oldId);
  return (await notDescending(scratch, open)).map(({ ref }) => ref);
}

/** Those of which it cannot be shown; a walk that is incomplete shows nothing. */
async function notDescending(scratch: ScratchRepo, commands: PushCommand[]): Promise<PushCommand[]> {
  // A new reader each time: git looks for packs when it starts.
  const commits = scratch.commits();
  const found: PushCommand[] = [];
  try {
    for (const command of commands)
      if ((await descends(commits, command.newId, command.oldId)) !== 'yes') found.push(command);
  } finally {
    commits.close();
  }
  return found;
}
