import { hkdfSync, type webcrypto } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { z } from 'zod';
import { SessionError } from '../errors.ts';
import type { SealKey } from './sealing.ts';
import { Secret } from './secret.ts';

/*
 * The secrets of a request on their way from the API, which must not be able to read them back, to the minter: HPKE
 * (RFC 9180) to a public key. The key pair is derived from a seal key, so that every minter of an installation has it
 * and a rotation of the ring rotates it too. Text form: `v1.KEY_ID.ENCAPSULATED_KEY.CIPHERTEXT`, base64url.
 */

const suite = (): CipherSuite =>
  new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

const IKM_BYTES = 32;
const secretsSchema = z.record(z.string(), z.string());

/** Seals for one session; needs no private key. `publicKey` as `requestPublicKey` gives it. */
export async function sealSecrets(
  publicKey: string,
  keyId: string,
  sessionId: string,
  secrets: Record<string, string>,
): Promise<string> {
  const hpke = suite();
  const recipientPublicKey = await hpke.kem.deserializePublicKey(toArrayBuffer(Buffer.from(publicKey, 'base64')));
  const plain = toArrayBuffer(Buffer.from(JSON.stringify(secrets)));
  const { ct, enc } = await hpke.seal({ recipientPublicKey, info: info(sessionId) }, plain);
  return `v1.${keyId}.${Buffer.from(enc).toString('base64url')}.${Buffer.from(ct).toString('base64url')}`;
}

/** Throws when the key is not in the ring (its id is in the message), or when they were sealed for another session. */
export async function openSecrets(
  keys: readonly SealKey[],
  sessionId: string,
  sealed: string,
): Promise<Record<string, Secret>> {
  const [, keyId = '', enc = '', ct = ''] = /^v1\.(.+)\.([\w-]+)\.([\w-]+)$/.exec(sealed) ?? [];
  const key = keys.find(({ id }) => id === keyId);
  if (key === undefined)
    throw new SessionError(
      'minter_unavailable',
      `The seal key ${keyId} is not among the settings, but a session's secrets need it`,
    );
  const hpke = suite();
  const { privateKey } = await keyPair(hpke, key);
  const encapsulated = toArrayBuffer(Buffer.from(enc, 'base64url'));
  const plain = await hpke.open(
    { recipientKey: privateKey, enc: encapsulated, info: info(sessionId) },
    toArrayBuffer(Buffer.from(ct, 'base64url')),
  );
  const secrets = secretsSchema.parse(JSON.parse(Buffer.from(plain).toString()));
  return Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, new Secret(value)]));
}

/** Seals a webhook's address and secret; they open as nothing else of their session. */
export function sealWebhook(
  publicKey: string,
  keyId: string,
  sessionId: string,
  { url, secret }: { url: string; secret: string },
): Promise<string> {
  return sealSecrets(publicKey, keyId, webhookBinding(sessionId), { url, secret });
}

/** Throws as `openSecrets` does. */
export async function openWebhook(
  keys: readonly SealKey[],
  sessionId: string,
  sealed: string,
): Promise<{ url: Secret; secret: Secret }> {
  const { url, secret } = await openSecrets(keys, webhookBinding(sessionId), sealed);
  if (url === undefined || secret === undefined) throw new Error(`The webhook of session ${sessionId} is incomplete`);
  return { url, secret };
}

function webhookBinding(sessionId: string): string {
  return `${sessionId} webhook`;
}

/** The public half for a seal key, base64; not secret. */
export async function requestPublicKey(key: SealKey): Promise<string> {
  const hpke = suite();
  const { publicKey } = await keyPair(hpke, key);
  return Buffer.from(await hpke.kem.serializePublicKey(publicKey)).toString('base64');
}

async function keyPair(hpke: CipherSuite, { key }: SealKey): Promise<webcrypto.CryptoKeyPair> {
  // A label of its own: the derived key says nothing of the seal key, nor the other way round.
  const seal = Buffer.from(key.reveal(), 'base64');
  return hpke.kem.deriveKeyPair(hkdfSync('sha256', seal, Buffer.alloc(0), 'daypass request secrets v1', IKM_BYTES));
}

function info(sessionId: string): ArrayBuffer {
  return toArrayBuffer(Buffer.from(`daypass session ${sessionId}`));
}

function toArrayBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
