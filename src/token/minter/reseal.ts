import { change } from '../../store/records.ts';
import type { SessionRecord } from '../../session/record.ts';
import type { TokenRecord } from '../record.ts';
import { openSecrets, openWebhook, requestPublicKey, sealSecrets, sealWebhook } from '../request-secrets.ts';
import { firstOf, keyIdOf } from '../sealing.ts';
import { revealAll } from '../secret.ts';
import type { MinterDeps } from './deps.ts';
import { inBatches } from './in-batches.ts';
import { sealedRecords } from './key-usage.ts';
import { openToken } from './open-token.ts';
import type { SpooledToken } from './spooled-token.ts';

const AT_ONCE = 16;

/**
 * Seals everything that is sealed with another key with the first one. Each record changes by itself and in one step, so
 * that being killed half-way leaves a mixture that the ring can read, and another call finishes it. What cannot be opened
 * is logged and left as it is.
 */
export async function resealAll(deps: MinterDeps): Promise<void> {
  const { id: firstId } = firstOf(deps.keyRing.keys());
  const isOld = (sealed: string | null): boolean => keyIdOf(sealed ?? '') !== firstId;
  const each = <T extends object>(items: T[], idOf: (item: T) => string, work: (item: T) => Promise<void>) =>
    inBatches(items, AT_ONCE, (item) =>
      work(item).catch((error: unknown) => {
        deps.log.error({ err: error, id: idOf(item) }, 'a sealed value could not be sealed with the first key');
      }),
    );

  const { tokens, sessions } = await sealedRecords(deps);
  const oldFiles = (await deps.spool.all()).filter(({ sealed }) => isOld(sealed));
  await each(
    oldFiles,
    ({ tokenId }) => tokenId,
    (file) => resealFile(deps, file),
  );
  const oldLines = tokens.filter(({ sealed }) => isOld(sealed));
  await each(
    oldLines,
    ({ id }) => id,
    (line) => resealLine(deps, line),
  );
  const oldSessions = sessions.filter(({ sealedSecrets }) => sealedSecrets !== null && isOld(sealedSecrets));
  await each(
    oldSessions,
    ({ id }) => id,
    (session) => resealSecrets(deps, session),
  );
  const oldWebhooks = sessions.filter(({ webhook }) => webhook?.sealed && isOld(webhook.sealed));
  await each(
    oldWebhooks,
    ({ id }) => id,
    (session) => resealWebhook(deps, session),
  );
}

async function resealFile({ keyRing, spool }: MinterDeps, file: SpooledToken): Promise<void> {
  const sealed = keyRing.seal(keyRing.open(file.sealed, file.tokenId), file.tokenId);
  // It may have been deleted since: what is over must not come back.
  if ((await spool.get(file.tokenId)) !== null) await spool.put({ ...file, sealed });
}

async function resealLine(deps: MinterDeps, line: TokenRecord): Promise<void> {
  const { id, sessionId, sealed: old } = line;
  const sealed = deps.keyRing.seal(await openToken(deps, line), id);
  await change(deps.redis, { sessionId, tokenId: id }, ({ token }) =>
    token?.sealed === old ? { token: { ...token, sealed } } : null,
  );
}

async function resealSecrets({ keyRing, redis }: MinterDeps, session: SessionRecord): Promise<void> {
  const { id, tokenId, sealedSecrets: old } = session;
  const first = firstOf(keyRing.keys());
  const values = revealAll(await openSecrets(keyRing.keys(), id, old ?? ''));
  const sealedSecrets = await sealSecrets(await requestPublicKey(first), first.id, id, values);
  await change(redis, { sessionId: id, tokenId }, (now) =>
    now.session?.sealedSecrets === old ? { session: { ...now.session, sealedSecrets } } : null,
  );
}

async function resealWebhook({ keyRing, redis }: MinterDeps, { id, tokenId, webhook }: SessionRecord): Promise<void> {
  const first = firstOf(keyRing.keys());
  const old = webhook?.sealed ?? '';
  const values = revealAll(await openWebhook(keyRing.keys(), id, old)) as { url: string; secret: string };
  const sealed = await sealWebhook(await requestPublicKey(first), first.id, id, values);
  await change(redis, { sessionId: id, tokenId }, ({ session: now }) =>
    now?.webhook?.sealed === old ? { session: { ...now, webhook: { ...now.webhook, sealed } } } : null,
  );
}
