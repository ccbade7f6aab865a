/** What stays on the screen while it runs. */
export function welcome({ apiUrl, apiKey, repoId }: { apiUrl: string; apiKey: string; repoId: string }): string[] {
  const body = JSON.stringify({ repos: [{ id: repoId }], command: ['git', 'log', '-3', '--oneline'] });
  return [
    '',
    `  Dashboard  ${apiUrl}/`,
    `  API key    ${apiKey}`,
    '',
    '  Start a session of your own:',
    `    npx daypass run --repo ${repoId} -- git log -3 --oneline`,
    `    curl -s ${apiUrl}/v1/sessions -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' -d '${body}'`,
    '',
    '  Ctrl-C ends it and leaves nothing behind.',
    '',
  ];
}
