import { failpoint } from '../../src/ops/failpoints.ts';
import type { SessionRecord } from '../../src/session/record.ts';
import type { WorkerDeps } from '../deps.ts';

/** Longer than the minter waits for the provider. */
const MINT_TIMEOUT_MS = 30_000;

/** Has the minter mint what the ledger's intent says. The value stays with the minter until the sandbox is claimed. */
export async function mintToken({ minter }: WorkerDeps, { tokenId }: SessionRecord): Promise<void> {
  await minter.mint(tokenId ?? '', AbortSignal.timeout(MINT_TIMEOUT_MS));
  await failpoint('worker.minted');
}
