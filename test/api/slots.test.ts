import { expect, test } from 'vitest';
import { createSlots } from '../../src/api/slots.ts';

const RULES = { code: 'too_many_streams', what: 'open streams' } as const;

test('no more is going on than there are places, and a place given back, even twice, can be taken once', () => {
  const slots = createSlots({ ...RULES, inAll: 2, perKey: 2 });
  const giveBack = slots.take('key_a');
  slots.take(null);
  expect(() => slots.take('key_b')).toThrow(expect.objectContaining({ code: 'unavailable' }));
  giveBack();
  giveBack();
  slots.take('key_b');
  expect(slots.taken).toBe(2);
});

test('one key has no more than its share of them; whoever has none has no share', () => {
  const slots = createSlots({ ...RULES, inAll: 10, perKey: 1 });
  const giveBack = slots.take('key_a');
  expect(() => slots.take('key_a')).toThrow(expect.objectContaining({ code: 'too_many_streams' }));
  slots.take('key_b');
  giveBack();
  slots.take('key_a');
  slots.take(null);
  slots.take(null);
  expect(slots.taken).toBe(4);
});
