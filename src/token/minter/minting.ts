import type { MinterDeps } from './deps.ts';
import { mint } from './mint.ts';
import type { Revoker } from './revoker.ts';

/** The mintings under way. */
export interface Minting {
  /** As `mint`; calls for one intent join one minting. */
  mint(tokenId: string): Promise<void>;
  /** Resolves when none is under way: until then a value may be on its way that only this process will know. */
  settled(): Promise<void>;
}

export function createMinting(deps: MinterDeps, revoker: Pick<Revoker, 'lookAfter'>): Minting {
  const underWay = new Map<string, Promise<void>>();

  const begin = async (tokenId: string): Promise<void> => {
    try {
      await mint(deps, tokenId);
    } catch (error) {
      // One that came too late, or could not be stored, is due for deletion: nobody needs to ask for it.
      revoker.lookAfter([tokenId]);
      throw error;
    } finally {
      underWay.delete(tokenId);
    }
  };

  return {
    mint(tokenId) {
      const work = underWay.get(tokenId) ?? begin(tokenId);
      underWay.set(tokenId, work);
      return work;
    },
    async settled() {
      await Promise.allSettled(underWay.values());
    },
  };
}
