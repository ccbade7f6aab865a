import { useSignal } from '@preact/signals';
import type { Receipt, Session } from '../client/wire.ts';
import { useDeps } from '../live/deps.ts';
import { pause } from '../client/follow.ts';
import { useWhile } from '../live/use-while.ts';
import { duration } from '../ui/duration.ts';
import { Facts } from '../ui/facts.tsx';
import { Clock } from '../ui/time.tsx';

const SIGNED_AFTER_MS = 2_500;

/** What became of the session's credential, once it has ended. */
export function ReceiptView({ session }: { session: Session }) {
  const { client } = useDeps();
  const receipt = useSignal<Receipt | null>(null);
  const { id, endedAt, token } = session;
  useWhile(
    (signal) => {
      if (endedAt === null) return;
      const read = async () => {
        receipt.value = await client.get<Receipt>(`/v1/sessions/${encodeURIComponent(id)}/receipt`, signal);
      };
      void (async () => {
        await read();
        if (receipt.value?.signature) return;
        // The signature follows what it signs.
        await pause(SIGNED_AFTER_MS, signal);
        await read();
      })().catch(() => undefined);
    },
    [id, endedAt, token?.state, token?.verifiedAt],
  );
  if (receipt.value === null) return null;
  const { deliveredAt, revokedAt, verifiedAt, attempts, revocationMs, signature, mintedAt, final } = receipt.value;
  return (
    <section aria-label="Receipt">
      <h3>Receipt {final ? '' : '(not final)'}</h3>
      <Facts
        label="Receipt"
        facts={[
          ['Minted', <Clock at={mintedAt} />],
          ['Delivered', <Clock at={deliveredAt} />],
          ['Revoked', <Clock at={revokedAt} />],
          ['Verified', <Clock at={verifiedAt} />],
          [
            'Took',
            revocationMs === null ? null : `${duration(revocationMs)}, ${attempts} ${attempts === 1 ? 'try' : 'tries'}`,
          ],
          ['Signed', signature === null ? 'not yet' : `${signature.algorithm}, key ${signature.keyId}`],
        ]}
      />
    </section>
  );
}
