import type { Feature } from './feature.ts';

/** The table as it stands in docs/git-over-http.md. */
export function featureTable(features: Feature[]): string {
  const rows = features.map(
    ({ name, source, offered, note }) => `| ${name} | ${offered} | ${note ?? ''} | ${source} |`,
  );
  return ['| feature | offered | | where git describes it |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
