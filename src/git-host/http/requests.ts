import type { HostBounds } from '../bounds.ts';
import { HostError } from './host-error.ts';

/** Bounds how many requests of one token are under way. */
export interface Requests {
  /** Throws `too_many`. Returns what is to be called when the request is over. */
  enter(by: string): () => void;
}

export function createRequests({ requestsPerToken }: Pick<HostBounds, 'requestsPerToken'>): Requests {
  const underWay = new Map<string, number>();
  return {
    enter(by) {
      const own = underWay.get(by) ?? 0;
      // The account mints and revokes, which nothing may keep it from.
      if (own >= requestsPerToken && by !== 'account')
        throw new HostError('too_many', `${requestsPerToken} requests of this token are under way; let one end first`);
      underWay.set(by, own + 1);
      return () => {
        const left = (underWay.get(by) ?? 1) - 1;
        if (left > 0) underWay.set(by, left);
        else underWay.delete(by);
      };
    },
  };
}
