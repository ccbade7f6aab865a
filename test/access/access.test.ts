import { expect, test } from 'vitest';
import { auditId } from '../../src/access/audit.ts';
import { whyOver, type ApiKeyRecord } from '../../src/access/api-key.ts';
import { sees, viewOf } from '../../src/access/caller.ts';
import { hashOfKey, newKeyValue } from '../../src/access/key-value.ts';
import { narrow, NO_LIMITS } from '../../src/access/key-limits.ts';
import { allows, SCOPES } from '../../src/access/scope.ts';
import { TEST_LIMITS } from '../support/api.ts';

test('a scope includes those before it and none after', () => {
  const ladder = SCOPES.map((held) => SCOPES.filter((needed) => allows([held], needed)));
  expect(ladder).toEqual([['read'], ['read', 'start'], ['read', 'start', 'operate']]);
  expect(allows([], 'read')).toBe(false);
});

test('whoever operates sees everything, everybody else their own', () => {
  const operator = { keyId: 'key_a', scopes: ['read', 'operate'] as const };
  const starter = { keyId: 'key_a', scopes: ['start'] as const };
  expect([viewOf(operator), viewOf(starter)]).toEqual([null, 'key_a']);
  expect([sees(operator, { keyId: 'key_b' }), sees(starter, { keyId: 'key_b' })]).toEqual([true, false]);
  expect(sees(starter, { keyId: 'key_a' })).toBe(true);
});

test('a limit of a key narrows what the operator allows, and never widens it', () => {
  const narrowed = narrow(TEST_LIMITS, { ...NO_LIMITS, timeoutSeconds: 60, memoryMb: 1_000_000 });
  expect(narrowed).toEqual({ ...TEST_LIMITS, maxTimeoutSeconds: 60 });
  expect(narrow(TEST_LIMITS, NO_LIMITS)).toEqual(TEST_LIMITS);
});

test('a key is over once it is revoked, or from the moment at which it expires', () => {
  const key = { revokedAt: null, expiresAt: null } as ApiKeyRecord;
  const at = '2026-01-01T00:00:00.000Z';
  expect(whyOver(key, new Date(at))).toBeNull();
  expect(whyOver({ ...key, revokedAt: at }, new Date(at))).toContain('revoked');
  expect(whyOver({ ...key, expiresAt: at }, new Date(Date.parse(at) - 1))).toBeNull();
  expect(whyOver({ ...key, expiresAt: at }, new Date(at))).toContain('expired');
});

test('keys are random, do not print, and are told apart by their hash', () => {
  const [a, b] = [newKeyValue(), newKeyValue()];
  expect(Buffer.from(a.reveal().slice('dp_'.length), 'base64url')).toHaveLength(32);
  expect(a.reveal()).not.toBe(b.reveal());
  expect(JSON.stringify({ a })).toBe('{"a":"[secret]"}');
  expect(hashOfKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test.each([
  ['ses_V1StGXR8_Z5jdHi6B-myT', 'ses_V1StGXR8_Z5jdHi6B-myT'],
  ['dp_V1StGXR8_Z5jdHi6B-myT', null],
  ['ses_x y', null],
  [`ses_${'x'.repeat(65)}`, null],
  [null, null],
])('of %s the audit log keeps %s', (text, kept) => {
  expect(auditId(text)).toBe(kept);
});
