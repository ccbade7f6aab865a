import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openSecrets, requestPublicKey, sealSecrets } from '../../src/token/request-secrets.ts';
import { createKeyRing, keyIdOf, type SealKey } from '../../src/token/sealing.ts';
import { Secret } from '../../src/token/secret.ts';

const sealKey = (id: string): SealKey => ({ id, key: new Secret(randomBytes(32).toString('base64')) });
const [k1, k2] = [sealKey('k.1'), sealKey('k2')];
const value = new Secret('rlcr-obviously-fake');

describe('sealing a token', () => {
  it('opens again for the same intent, and shows nothing of the value', () => {
    const ring = createKeyRing([k1]);
    const sealed = ring.seal(value, 'tok_1');
    expect(ring.open(sealed, 'tok_1').reveal()).toBe(value.reveal());
    expect(sealed).not.toContain('fake');
    expect(ring.seal(value, 'tok_1')).not.toBe(sealed);
  });

  it('does not open for another intent, nor when a byte was changed', () => {
    const ring = createKeyRing([k1]);
    const sealed = ring.seal(value, 'tok_1');
    expect(() => ring.open(sealed, 'tok_2')).toThrow();
    const at = sealed.length - 4;
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
    expect(() => ring.open(changed, 'tok_1')).toThrow();
  });

  it('still reads what an older key of the ring wrote, and writes with the first', () => {
    const old = createKeyRing([k1]).seal(value, 'tok_1');
    const ring = createKeyRing([k2, k1]);
    expect(ring.open(old, 'tok_1').reveal()).toBe(value.reveal());
    expect(keyIdOf(ring.seal(value, 'tok_1'))).toBe('k2');
  });

  it('names the key that is missing', () => {
    const sealed = createKeyRing([k1]).seal(value, 'tok_1');
    expect(() => createKeyRing([k2]).open(sealed, 'tok_1')).toThrow(/k\.1/);
  });
});

describe('the secrets of a request', () => {
  it('open with the private half alone, for their own session alone', async () => {
    const sealed = await sealSecrets(await requestPublicKey(k1), k1.id, 'ses_1', { MODEL_API_KEY: 'sk-fake' });
    expect(sealed).not.toContain('sk-fake');
    const opened = await openSecrets([k2, k1], 'ses_1', sealed);
    expect(opened['MODEL_API_KEY']?.reveal()).toBe('sk-fake');
    await expect(openSecrets([k1], 'ses_2', sealed)).rejects.toThrow();
    await expect(openSecrets([k2], 'ses_1', sealed)).rejects.toThrow(/k\.1/);
  });
});
