import { describe, expect, it } from 'vitest';
import { secrets as secretsField } from '../../src/session/request-fields.ts';
import { createMasks } from '../../src/token/masks.ts';
import { resumeRedactor } from '../../src/token/redactor.ts';
import { Secret } from '../../src/token/secret.ts';
import { heldBytes } from '../support/held-bytes.ts';
import { LARGEST_SECRETS } from '../support/largest-secrets.ts';

const PIECE_BYTES = 16_384;

function inPieces(value: Buffer, encoding: BufferEncoding): Buffer[] {
  const bytes = Buffer.from(`${value.toString(encoding)}\n`);
  return Array.from({ length: Math.ceil(bytes.length / PIECE_BYTES) }, (_, at) =>
    bytes.subarray(at * PIECE_BYTES, (at + 1) * PIECE_BYTES),
  );
}

describe.each(Object.entries(LARGEST_SECRETS))('the masks of a session with the most secrets: %s', (_, make) => {
  const values = make();

  it('are those of a request that is taken', () => {
    const field = Object.fromEntries(values.map((value, at) => [`SECRET_${at}`, value]));
    expect(secretsField.safeParse(field).error?.issues ?? []).toEqual([]);
  });

  it.each([
    ['before anything is printed', 10e6, []],
    ['when all is printed', 15e6, ['utf8', 'base64', 'hex'] as const],
  ])('take few megabytes for messages and log together, %s', (__, most, printed) => {
    const secrets = values.map((value) => new Secret(value));
    const { bytes } = heldBytes(() => {
      const masks = createMasks();
      masks.hold('ses_a', secrets);
      const stdout = resumeRedactor(masks.formsOf('ses_a'), null).redactor;
      for (const encoding of printed)
        for (const value of values) for (const piece of inPieces(Buffer.from(value), encoding)) stdout.push(piece);
      return { masks, stdout };
    });
    expect(bytes).toBeLessThan(most);
  });
});
