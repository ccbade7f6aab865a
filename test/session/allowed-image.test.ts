import { describe, expect, it } from 'vitest';
import { isContentAllowed, isNameAllowed } from '../../src/session/allowed-image.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;

describe('an image’s name against the operator’s list', () => {
  it.each([
    ['daypass/sandbox', 'daypass/*'],
    ['daypass/team/sandbox:1.2', 'daypass/*'],
    [`daypass/sandbox@${A}`, 'daypass/*'],
    ['debian', 'debian'],
    ['debian:latest', 'debian'],
    ['docker.io/library/debian', 'debian:latest'],
    ['debian', 'docker.io/debian'],
    ['registry.example.com:5000/x/y:z', 'registry.example.com:5000/x/y:z'],
    ['registry.example.com:5000/x/y', 'registry.example.com:5000/x/*'],
    ['debian', `debian@${A}`],
    [`debian@${A}`, `debian@${A}`],
  ])('%s is allowed by %s', (image, entry) => {
    expect(isNameAllowed(image, ['nothing', entry])).toBe(true);
  });

  it.each([
    ['debian', 'daypass/*'],
    ['daypass', 'daypass/*'],
    ['daypassed/sandbox', 'daypass/*'],
    ['evil.example/daypass/sandbox', 'daypass/*'],
    ['debian:12', 'debian'],
    ['debian', 'debian:12'],
    [`debian@${A}`, 'debian'],
    ['daypass/../debian', 'daypass/*'],
    ['daypass//x', 'daypass/*'],
    ['daypass/', 'daypass/*'],
    ['daypass/x y', 'daypass/*'],
    ['daypass/x\n', 'daypass/*'],
    ['daypass/x@sha256:short', 'daypass/*'],
    ['', 'daypass/*'],
    ['*', '*'],
    [`daypass/${'x'.repeat(300)}`, 'daypass/*'],
  ])('%s is not allowed by %s', (image, entry) => {
    expect(isNameAllowed(image, [entry])).toBe(false);
  });
});

describe('an image’s content against the operator’s list', () => {
  const content = { id: A, repoDigests: [`docker.io/library/debian@${B}`] };

  it('counts where the list pins it: by the image’s id, or by a registry’s digest for the same name', () => {
    expect(isContentAllowed('debian', content, [`debian@${A}`])).toBe(true);
    expect(isContentAllowed('debian', content, [`debian@${B}`])).toBe(true);
    expect(isContentAllowed('debian', { ...content, id: B }, [`debian@${A}`])).toBe(false);
    expect(isContentAllowed('debian', { id: A, repoDigests: [`other@${B}`] }, [`debian@${B}`])).toBe(false);
  });

  it('must be the pinned one even where the list allows the name in another way too', () => {
    const list = ['debian', `debian@sha256:${'c'.repeat(64)}`];
    expect(isContentAllowed('debian', content, list)).toBe(false);
  });

  it('is any where the list names the image alone', () => {
    expect(isContentAllowed('debian', content, ['debian'])).toBe(true);
    expect(isContentAllowed('daypass/x', content, ['daypass/*'])).toBe(true);
  });
});
