import { expect, test } from 'vitest';
import { createStreamSlots } from '../../src/api/stream-slots.ts';

test('no more streams are open than there are places, and a place given back can be taken again', () => {
  const slots = createStreamSlots(2);
  const giveBack = slots.take();
  slots.take();
  expect(() => slots.take()).toThrow(expect.objectContaining({ code: 'unavailable' }));
  giveBack();
  slots.take();
  expect(slots.taken).toBe(2);
});
