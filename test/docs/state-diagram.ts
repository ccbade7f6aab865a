/**
 * A transition table as a Mermaid state diagram. `first` is where everything begins; a state without a way on is final.
 */
export function stateDiagram(transitions: Record<string, readonly string[]>, first: string): string {
  const lines = [`[*] --> ${first}`];
  for (const [from, targets] of Object.entries(transitions)) {
    for (const to of targets) lines.push(`${from} --> ${to}`);
    if (targets.length === 0) lines.push(`${from} --> [*]`);
  }
  return ['```mermaid', 'stateDiagram-v2', ...lines.map((line) => `  ${line}`), '```'].join('\n');
}
