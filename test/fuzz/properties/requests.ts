import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import { pathProblem, refProblem } from '../../../src/session/git-names.ts';
import { networkRuleProblem, parseNetworkRule, ruleFor } from '../../../src/session/network-rule.ts';
import { variableNameProblem } from '../../../src/session/variable-names.ts';
import { nearly, type Property } from './inputs.ts';

const rulesAllowWhatTheySay = fc.asyncProperty(nearly('ab1-.*:0_ /'), nearly('ab1-.'), async (text, host) => {
  if (networkRuleProblem(text) !== null) return;
  const rule = parseNetworkRule(text);
  assert.match(rule.domain, /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/);
  assert.ok(rule.port >= 1 && rule.port <= 65_535);
  assert.equal(ruleFor([rule], rule.domain, rule.port) !== null, !rule.wildcard);
  if (ruleFor([rule], host, rule.port) === null) return;
  const wanted = host.toLowerCase();
  assert.ok(
    rule.wildcard
      ? wanted.endsWith(`.${rule.domain}`) && wanted.length > rule.domain.length + 1
      : wanted === rule.domain,
  );
});

const refsCannotBeOptionsOrEscape = fc.asyncProperty(nearly('ab./-@{~^:?*[\\ \u007f'), async (ref) => {
  if (refProblem(ref) !== null) return;
  assert.ok(
    ref !== '' &&
      !ref.startsWith('-') &&
      !ref.startsWith('/') &&
      !ref.includes('..') &&
      !/[ \p{Cc}\u2028\u2029]/u.test(ref),
  );
  assert.ok(Buffer.byteLength(ref) <= 255);
});

const pathsStayBelow = fc.asyncProperty(nearly('ab./-\\.gitGIT~1 '), async (path) => {
  if (pathProblem(path) !== null) return;
  const below = new URL(`file:///workspace/${path.split('/').map(encodeURIComponent).join('/')}`).pathname;
  assert.ok(below.startsWith('/workspace/') && below.length > '/workspace/'.length);
  assert.ok(path.split('/').every((part) => !['', '.', '..'].includes(part) && part.toLowerCase() !== '.git'));
});

const namesOfVariablesAreHarmless = fc.asyncProperty(
  fc.tuple(
    fc.constantFrom('', 'GIT_', 'LD_', 'RELACE_', 'DAYPASS_', 'REPO_TOKEN', 'https'),
    nearly('abAB_1=', 6),
    fc.constantFrom('', '_proxy', '_PROXY'),
  ),
  async (parts) => {
    const name = parts.join('');
    if (variableNameProblem(name) !== null) return;
    assert.match(name, /^[A-Za-z_]\w*$/);
    assert.doesNotMatch(name, /^(GIT_|LD_|RELACE_|DAYPASS_)|^REPO_TOKEN$|_[pP][rR][oO][xX][yY]$/);
  },
);

/** What a request may name. */
export const REQUESTS: Record<string, Property> = {
  'a network rule allows what it says': rulesAllowWhatTheySay,
  'a ref is no option and stays below refs': refsCannotBeOptionsOrEscape,
  'a path stays below the workspace': pathsStayBelow,
  'a variable that a request may set is none of ours': namesOfVariablesAreHarmless,
};
