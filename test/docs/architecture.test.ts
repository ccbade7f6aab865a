import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { SESSION_TRANSITIONS } from '../../src/session/status.ts';
import { TOKEN_TRANSITIONS } from '../../src/token/state.ts';
import { stateDiagram } from './state-diagram.ts';

const architecture = await readFile(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8');

/** What stands between `<!-- name -->` and `<!-- /name -->`. */
function section(name: string): string {
  return new RegExp(`<!-- ${name} -->\n(.*)\n<!-- /${name} -->`, 's').exec(architecture)?.[1] ?? '';
}

describe('ARCHITECTURE.md', () => {
  it('draws the states of a session as the code has them', () => {
    expect(section('session-states')).toBe(stateDiagram(SESSION_TRANSITIONS, 'queued'));
  });

  it('draws the states of a token as the code has them', () => {
    expect(section('token-states')).toBe(stateDiagram(TOKEN_TRANSITIONS, 'intended'));
  });
});
