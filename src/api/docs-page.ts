import type { Operation } from './operation.ts';

/** A page that lists the operations, with nothing to load from elsewhere. */
export function docsPage(operations: Operation[]): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Daypass API</title><link rel="stylesheet" href="/assets/page.css"></head>
<body class="docs">
<h1>Daypass API</h1>
<p>Calls need <code>Authorization: Bearer dp_…</code>, except where said. Errors are <code>application/problem+json</code>
with a stable <code>code</code>. Every field is described in <a href="/openapi.json">openapi.json</a>.</p>
${operations.map(section).join('\n')}
</body>
</html>
`;
}

function section({ method, path, summary, description, scope, query, responses }: Operation): string {
  const parameters = Object.keys(query.shape);
  const lines = [
    description,
    parameters.length > 0 ? `Parameters: ${parameters.join(', ')}.` : undefined,
    `Answers: ${Object.keys(responses).join(', ')}.${scope === null ? ' No key is needed.' : ` Scope: ${scope}.`}`,
  ];
  return `<section><h2><code>${escapeHtml(`${method.toUpperCase()} ${path}`)}</code></h2>
<p><strong>${escapeHtml(summary)}.</strong></p>
${lines.flatMap((line) => (line === undefined ? [] : [`<p>${escapeHtml(line)}</p>`])).join('\n')}</section>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
