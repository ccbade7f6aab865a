import { expect, it } from 'vitest';
import type { SandboxChannel } from '../../src/runtime/sandbox-runtime.ts';
import { InitClient } from '../../workers/init-client.ts';

/** A channel whose sandbox is gone: its stream ends at once, and what is sent may still be taken. */
function brokenChannel(send: () => Promise<void>): SandboxChannel {
  return { send, reports: (async function* () {})(), diagnostics: () => 'init: no such order', close: () => undefined };
}

const nowhere = { agent: async () => undefined, step: async () => undefined, passed: async () => undefined };

it('a step that is ordered after the sandbox is gone fails at once, with what init said last', async () => {
  const init = new InitClient(
    brokenChannel(async () => undefined),
    nowhere,
  );
  await init.pump();
  await expect(init.runStep('clone', '/', ['git'])).rejects.toThrow('init: no such order');
  await expect(init.startAgent('/', ['true'], async () => undefined)).rejects.toMatchObject({ code: 'sandbox_failed' });
});

it('a stream that breaks while a step is being ordered fails that step, and nothing else', async () => {
  const sent = Promise.withResolvers<void>();
  const init = new InitClient(
    brokenChannel(() => sent.promise),
    nowhere,
  );
  const step = init.runStep('clone', '/', ['git']);
  await init.pump();
  sent.reject(new Error('write EPIPE'));
  await expect(step).rejects.toThrow('write EPIPE');
});
