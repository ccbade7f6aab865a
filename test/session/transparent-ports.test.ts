import { expect, it } from 'vitest';
import { transparentPorts } from '../../src/session/transparent-ports.ts';

it('connections to names are taken on the web’s ports and on those of the allow list, each once', () => {
  expect(transparentPorts([])).toEqual([443, 80]);
  const allow = ['a.example.com', '*.example.com:8443', 'tcp://db.example.com:5432', 'b.example.com:8443'];
  expect(transparentPorts(allow)).toEqual([443, 80, 8443, 5432]);
});

it('the longest allow list has room', () => {
  const allow = Array.from({ length: 64 }, (_, i) => `a.example.com:${1_000 + i}`);
  expect(transparentPorts(allow)).toHaveLength(66);
});
