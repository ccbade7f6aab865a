import { describe, expect, it, test } from 'vitest';
import { networkRuleProblem, parseNetworkRule, ruleFor } from '../../src/session/network-rule.ts';

const rules = [
  'api.example.com',
  'Plain.Example.com:80',
  '*.example.org:8443',
  'db.example.com:5432',
  'TCP://DB.example.com:5432',
].map(parseNetworkRule);

describe('what the rules let through', () => {
  it.each([
    ['api.example.com', 443, true, 'a bare host means port 443'],
    ['API.Example.COM', 443, true, 'letters have no case'],
    ['api.example.com', 80, false, 'another port is another place'],
    ['plain.example.com', 80, true, 'the port that is named'],
    ['plain.example.com', 443, false, 'and none besides'],
    ['a.example.org', 8443, true, 'a wildcard takes names below it'],
    ['a.b.example.org', 8443, true, 'at any depth'],
    ['example.org', 8443, false, 'a wildcard does not take the domain itself'],
    ['badexample.org', 8443, false, 'nor a name that only ends alike'],
    ['.example.org', 8443, false, 'nor an empty label'],
    ['a..example.org', 8443, false, 'nor an empty label in between'],
    ['api.example.com.', 443, false, 'a trailing dot is another name'],
    ['x.api.example.com', 443, false, 'an exact host does not take what is below'],
    ['', 443, false, 'no name at all'],
  ])('%s:%d → %s: %s', (host, port, allowed) => {
    expect(ruleFor(rules, host, port) !== null).toBe(allowed);
  });

  it('lets nothing through when there are no rules', () => {
    expect(ruleFor([], 'api.example.com', 443)).toBeNull();
  });

  it('take a name with underscores, which are no letters of host names and yet in many', () => {
    const [rule] = [parseNetworkRule('my_service.example.com:8080')];
    expect(ruleFor([rule], 'my_service.example.com', 8080)).toBe(rule);
    expect(networkRuleProblem('_dmarc.example.com')).toBeNull();
  });

  it('lets any bytes through where a rule for plain TCP says so, also beside another rule', () => {
    expect(ruleFor(rules, 'db.example.com', 5432)).toMatchObject({ raw: true });
    expect(ruleFor(rules, 'api.example.com', 443)).toMatchObject({ raw: false });
    expect(ruleFor(rules, 'db.example.com', 443)).toBeNull();
  });
});

test.each([
  ['', 'HOST'],
  ['*', 'HOST'],
  ['*.', 'HOST'],
  ['a.*.example.com', 'HOST'],
  ['**.example.com', 'HOST'],
  ['http://example.com', 'HOST'],
  ['example.com/path', 'HOST'],
  ['user@example.com', 'HOST'],
  ['example.com:', 'HOST'],
  ['exa mple.com', 'HOST'],
  ['example.com\n', 'HOST'],
  ['-a.example.com', 'HOST'],
  ['a-.example.com', 'HOST'],
  ['.example.com', 'HOST'],
  ['example.com.', 'HOST'],
  ['ex\u00e4mple.com', 'HOST'],
  ['\u212aube.example.com', 'HOST'],
  [`${'a'.repeat(64)}.com`, 'HOST'],
  [`${'a.'.repeat(126)}abc`, 'HOST'],
  ['[::1]:80', 'HOST'],
  ['127.0.0.1', 'not an address'],
  ['10.1:80', 'not an address'],
  ['0x7f.0X1', 'not an address'],
  ['2130706433', 'not an address'],
  ['localhost', 'full host name'],
  ['*.com', 'full host name'],
  ['tcp://db.example.com', 'name its port'],
  ['tcp://', 'HOST'],
  ['tcp://tcp://db.example.com:1', 'HOST'],
  ['tcp://10.0.0.1:22', 'not an address'],
  ['tcp://db.example.com:5432/x', 'HOST'],
  ['udp://db.example.com:53', 'HOST'],
  ['example.com:0', 'port'],
  ['example.com:65536', 'port'],
  ['example.com:99999', 'port'],
])('%j is no rule, and the message says why: %s', (text, why) => {
  expect(networkRuleProblem(text)).toContain(why);
  expect(() => parseNetworkRule(text)).toThrow(JSON.stringify(text));
});

test('a name may be as long as DNS allows', () => {
  const label = 'a'.repeat(61);
  expect(networkRuleProblem(`${label}.${label}.${label}.${label}.12345a`)).toContain('HOST');
  expect(networkRuleProblem(`${label}.${label}.${label}.${label}.a1234`.slice(1))).toBeNull();
});
