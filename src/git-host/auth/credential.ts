/**
 * The key or token in an Authorization header, or null when it holds none. Git sends `Basic USER:PASSWORD`, where any
 * user will do and the password is the credential; REST and the SDK send `Bearer`.
 */
export function credential(header: string | undefined, options: { basic: boolean }): string | null {
  const [, scheme = '', rest = ''] = /^(\w+) +(\S+)$/.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return rest;
  if (!options.basic || scheme.toLowerCase() !== 'basic') return null;
  const [, password = ''] = /^[^:]*:(.*)$/s.exec(Buffer.from(rest, 'base64').toString('utf8')) ?? [];
  return password === '' ? null : password;
}
