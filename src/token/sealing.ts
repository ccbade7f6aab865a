import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { SessionError } from '../errors.ts';
import { Secret } from './secret.ts';

/** One AES-256 key, as settings give it: 32 bytes in base64. */
export interface SealKey {
  id: string;
  key: Secret;
}

/**
 * Seals small values for storage. The first key of the ring writes, all of them read, so that keys can be rotated while
 * sealed values live. `binding` is authenticated with the value: what was sealed for one intent does not open for
 * another.
 */
export interface KeyRing {
  seal(value: Secret, binding: string): string;
  /** Throws when the key is not in the ring (its id is in the message), or when text or binding were changed. */
  open(sealed: string, binding: string): Secret;
  has(keyId: string): boolean;
  /** As they were given; the first writes. */
  keys(): readonly SealKey[];
  /** From now on these are the ring. At least one. */
  use(keys: readonly SealKey[]): void;
}

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

export function createKeyRing(initial: readonly SealKey[]): KeyRing {
  let keys = initial;
  const bytesOf = ({ key }: SealKey): Buffer => Buffer.from(key.reveal(), 'base64');
  const ring: KeyRing = {
    seal(value, binding) {
      const iv = randomBytes(IV_BYTES);
      const first = firstOf(keys);
      const cipher = createCipheriv(CIPHER, bytesOf(first), iv);
      cipher.setAAD(Buffer.from(binding));
      const body = Buffer.concat([cipher.update(value.reveal(), 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `v1.${first.id}.${iv.toString('base64url')}.${body.toString('base64url')}`;
    },
    open(sealed, binding) {
      const keyId = keyIdOf(sealed);
      const key = keys.find(({ id }) => id === keyId);
      if (key === undefined)
        throw new SessionError(
          'minter_unavailable',
          `The seal key ${keyId} is not among the settings, but a live value needs it`,
        );
      const [iv = '', body = ''] = sealed.slice(`v1.${keyId}.`.length).split('.');
      const bytes = Buffer.from(body, 'base64url');
      const decipher = createDecipheriv(CIPHER, bytesOf(key), Buffer.from(iv, 'base64url'), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(binding));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const text = Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]);
      return new Secret(text.toString('utf8'));
    },
    has: (keyId) => keys.some(({ id }) => id === keyId),
    keys: () => keys,
    use(next) {
      firstOf(next);
      keys = next;
    },
  };
  ring.use(initial);
  return ring;
}

/** The key that writes. Throws when there is none. */
export function firstOf(keys: readonly SealKey[]): SealKey {
  const [first] = keys;
  if (first === undefined) throw new Error('A key ring needs at least one seal key');
  return first;
}

/** The id of the key that a sealed value needs, a token's or a request's secrets'; '' when it is neither. Ids may hold dots, so it is what lies between the fixed ends. */
export function keyIdOf(sealed: string): string {
  return /^v1\.(.+)\.[\w-]+\.[\w-]+$/.exec(sealed)?.[1] ?? '';
}
