import { randomBytes } from 'node:crypto';

const LETTERS = 32_768;

/** As much as the secrets of one request may have, in kinds that differ in what they cost to mask. */
export const LARGEST_SECRETS = {
  'lines as short as are masked': () => [lines(4_096, () => randomLetters(6))],
  'lines as keys have them': () => Array.from({ length: 8 }, () => lines(512, () => randomLetters(63))),
  'lines with something to escape': () =>
    Array.from({ length: 8 }, () => lines(512, () => `${randomLetters(55)}"\\/é`)),
  'one line each': () => Array.from({ length: 8 }, () => randomLetters(LETTERS)),
  'accents, short enough for a query': () =>
    Array.from({ length: 64 }, () => `${'é'.repeat(2_000)}${randomLetters(16)}`),
  'all that addresses escape': () => Array.from({ length: 64 }, () => `${"é/!'é*".repeat(338)}${randomLetters(16)}`),
  'as good as the same': () => Array.from({ length: 64 }, (_, i) => `${'a'.repeat(4_080)}${i}`),
} as const satisfies Record<string, () => string[]>;

function lines(count: number, line: () => string): string {
  return Array.from({ length: count }, line).join('\n');
}

function randomLetters(count: number): string {
  return randomBytes(count).toString('base64').slice(0, count);
}
