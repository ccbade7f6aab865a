import { expect, test } from 'vitest';
import { createStreamSlots } from '../../src/api/stream-slots.ts';

test('no more streams are open than there are places, and a place given back can be taken again', () => {
  const slots = createStreamSlots({ streams: 2, streamsPerKey: 2 });
  const giveBack = slots.take('key_a');
  slots.take(null);
  expect(() => slots.take('key_b')).toThrow(expect.objectContaining({ code: 'unavailable' }));
  giveBack();
  slots.take('key_b');
  expect(slots.taken).toBe(2);
});

test('one key has no more than its share of them', () => {
  const slots = createStreamSlots({ streams: 10, streamsPerKey: 1 });
  const giveBack = slots.take('key_a');
  expect(() => slots.take('key_a')).toThrow(expect.objectContaining({ code: 'too_many_streams' }));
  slots.take('key_b');
  giveBack();
  slots.take('key_a');
  expect(slots.taken).toBe(2);
});
