/** Whether this is Debian, or made from it, so that the package names of Debian are right. Source: os-release(5). */
export function isDebianLike(osRelease: string): boolean {
  const fields = parseOsRelease(osRelease);
  return [fields['ID'] ?? '', ...(fields['ID_LIKE'] ?? '').split(' ')].some((id) => id === 'debian' || id === 'ubuntu');
}

/** `NAME=value` lines; quotes are taken off, comments and all else left out. */
export function parseOsRelease(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name, quoted] = /^([A-Z0-9_]+)=(.*)$/.exec(line.trim()) ?? [];
    if (name !== undefined && quoted !== undefined) fields[name] = quoted.replace(/^(["'])(.*)\1$/, '$2');
  }
  return fields;
}
