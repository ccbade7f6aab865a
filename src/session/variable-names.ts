const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** Names that carry the session's credential, steer git or the loader, or would lead traffic past the gateway. */
const RESERVED: { pattern: RegExp; name: string }[] = [
  { pattern: /^REPO_TOKEN$/, name: 'REPO_TOKEN' },
  { pattern: /^RELACE_/, name: 'RELACE_*' },
  { pattern: /^DAYPASS_/, name: 'DAYPASS_*' },
  { pattern: /^GIT_/, name: 'GIT_*' },
  { pattern: /^LD_/, name: 'LD_*' },
  // Programs read proxy variables in either case.
  { pattern: /_PROXY$/i, name: '*_PROXY' },
];

/** Why an environment variable of this name may not be set by a request; null when it may. */
export function variableNameProblem(name: string): string | null {
  if (!NAME.test(name)) return 'must be a name of 1 to 128 letters, digits and _, not beginning with a digit';
  const reserved = RESERVED.find(({ pattern }) => pattern.test(name));
  return reserved === undefined ? null : `is reserved: a request may not set ${reserved.name}`;
}
