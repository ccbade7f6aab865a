/** One entry of `network.allow`, read. */
export interface NetworkRule {
  /** Lower case. With `wildcard` it stands for everything below it, not for itself. */
  domain: string;
  wildcard: boolean;
  port: number;
  /** Any bytes may pass. Otherwise only TLS or HTTP that names the very host. */
  raw: boolean;
}

const DEFAULT_PORT = 443;
const MAX_HOST_CHARACTERS = 253;
/** Letters, digits and hyphens, as RFC 1123 wants host names, and underscores, which many names have all the same. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
/** What marks a rule for plain TCP. */
const RAW = /^tcp:\/\//i;

/** Why an entry of `network.allow` cannot be used, for the one who wrote it; null when it can. */
export function networkRuleProblem(text: string): string | null {
  const [, host = '', port] = /^(.*?)(?::(\d{1,5}))?$/s.exec(text.replace(RAW, '')) ?? [];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return 'must have a port of 1 to 65535';
  const domain = host.startsWith('*.') ? host.slice(2) : host;
  const labels = domain.split('.');
  if (!isHostName(domain)) {
    return 'must be HOST, *.DOMAIN, HOST:PORT, *.DOMAIN:PORT or tcp://HOST:PORT, such as api.example.com or *.example.org:8443';
  }
  if (/^(\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? '')) return 'must be a host name, not an address';
  if (labels.length < 2) return 'must be a full host name, such as api.example.com';
  if (RAW.test(text) && port === undefined) return 'must name its port, such as tcp://db.example.com:5432';
  return null;
}

/** Throws what `networkRuleProblem` says. */
export function parseNetworkRule(text: string): NetworkRule {
  const problem = networkRuleProblem(text);
  if (problem !== null) throw new Error(`network.allow: ${JSON.stringify(text)} ${problem}`);
  const [host = '', port] = text.toLowerCase().replace(RAW, '').split(':');
  const wildcard = host.startsWith('*.');
  return {
    domain: wildcard ? host.slice(2) : host,
    wildcard,
    port: port === undefined ? DEFAULT_PORT : Number(port),
    raw: RAW.test(text),
  };
}

/** The rule that lets a sandbox reach the host, by name, at the port; null when none does. One for plain TCP goes first. */
export function ruleFor(rules: NetworkRule[], host: string, port: number): NetworkRule | null {
  if (!isHostName(host)) return null;
  const wanted = host.toLowerCase();
  const matching = rules.filter((rule) => {
    if (rule.port !== port) return false;
    return rule.wildcard ? wanted.endsWith(`.${rule.domain}`) : wanted === rule.domain;
  });
  return matching.find(({ raw }) => raw) ?? matching[0] ?? null;
}

function isHostName(text: string): boolean {
  return text.length <= MAX_HOST_CHARACTERS && text.split('.').every((label) => LABEL.test(label));
}
