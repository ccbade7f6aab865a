import { randomBytes, randomInt } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createRedactor, maskedForms, redactText, resumeRedactor, type HeldBack } from '../../src/token/redactor.ts';
import { Secret } from '../../src/token/secret.ts';

const TOKEN = 'rlcr-0123456789abcdef0123456789abcdef01234567';
const token = new Secret(TOKEN);

/** The output for a text in chunks, each masked by another redactor that knows of the one before only what is held back. */
function throughRedactors(secrets: Secret[], bytes: Buffer, cuts: number[]): string {
  const edges = [0, ...cuts, bytes.length].toSorted((a, b) => a - b);
  let heldBack: HeldBack | null = null;
  const pieces = edges.slice(1).flatMap((end, i) => {
    const { redactor, out } = resumeRedactor(maskedForms(secrets), heldBack);
    const given = redactor.push(bytes.subarray(edges[i], end));
    heldBack = redactor.heldBack;
    return [out, given, end === bytes.length && i === edges.length - 2 ? redactor.flush() : Buffer.alloc(0)];
  });
  return Buffer.concat(pieces).toString('latin1');
}

/** The output for a text cut into chunks at these places. */
function throughChunks(secrets: Secret[], bytes: Buffer, cuts: number[]): string {
  const redactor = createRedactor(secrets);
  const edges = [0, ...cuts, bytes.length].toSorted((a, b) => a - b);
  const pieces = edges.slice(1).map((end, i) => redactor.push(bytes.subarray(edges[i], end)));
  return Buffer.concat([...pieces, redactor.flush()]).toString('latin1');
}

describe('masking a stream', () => {
  const password = 'p"w\\ü+/&x';
  const encodings: [string, string, string][] = [
    ['raw', TOKEN, TOKEN],
    ['hex', TOKEN, Buffer.from(TOKEN).toString('hex')],
    ['upper-case hex', TOKEN, Buffer.from(TOKEN).toString('hex').toUpperCase()],
    ['percent-encoded', password, encodeURIComponent(password)],
    ['JSON-escaped', password, JSON.stringify(password)],
    ['base64', TOKEN, Buffer.from(TOKEN).toString('base64')],
    ['base64 after one byte', TOKEN, Buffer.from(`:${TOKEN}!`).toString('base64')],
    ['base64 of a header', TOKEN, Buffer.from(`token:${TOKEN}`).toString('base64')],
    ['base64url', '>>>???>>>???', Buffer.from('a>>>???>>>???').toString('base64url')],
  ];

  it.each(encodings)('masks a value %s, at whatever place it is cut', (_name, value, encoded) => {
    const bytes = Buffer.from(`before ${encoded} after`);
    // The characters of base64 that also depend on a neighbour stay; five of the value's own are too many.
    const core = encoded.replaceAll(/["=]/g, '').slice(2, -2);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const out = throughChunks([new Secret(value)], bytes, [cut]);
      expect(out).toContain('[secret]');
      expect(out).toMatch(/^before .* after$/);
      for (let at = 0; at + 8 <= core.length; at++) expect(out).not.toContain(core.slice(at, at + 8));
    }
  });

  it('masks a value in which colours begin or end, at whatever place it is cut', () => {
    const [on, off] = ['\u001b[01;31m\u001b[K', '\u001b[m\u001b[K'];
    const lines = [
      `${on}${TOKEN.slice(0, 1)}${off}${TOKEN.slice(1)}`,
      `${TOKEN.slice(0, 5)}${on}${TOKEN.slice(5, 6)}${off}${on}${TOKEN.slice(6, 9)}${off}${TOKEN.slice(9)}`,
      `${TOKEN.slice(0, -1)}${on}${TOKEN.slice(-1)}${off}`,
      TOKEN.split('').join('\u001b(B\u001b[38;2;255;100;0m'),
    ];
    for (const line of lines) {
      const bytes = Buffer.from(`before ${line} after`);
      const whole = throughChunks([token], bytes, []);
      expect(stripVTControlCharacters(whole)).toBe('before [secret] after');
      for (let cut = 0; cut <= bytes.length; cut++) {
        expect(throughChunks([token], bytes, [cut])).toBe(whole);
        expect(throughRedactors([token], bytes, [cut])).toBe(whole);
      }
    }
  });

  it('masks a value whose first bytes could be the end of a colour', () => {
    const value = new Secret('line one of it');
    for (const before of ['\u001b-', '\u001b[', '\u001b', '\u001b[3', 'line\u001b[', 'l\u001b(', 'line o\u001b[31'])
      for (let cut = 0; cut <= 20; cut++)
        // Where it could be both, all of it is masked.
        expect(throughChunks([value], Buffer.from(`${before}line one of it.`), [cut])).toMatch(
          /^[^.]{0,12}\[secret\]\.$/,
        );
  });

  it('takes what is no colour for no colour, and holds back no more for many of them', () => {
    const half = TOKEN.slice(0, 20);
    for (const text of [`${half}\u001b[31\n${half}`, `${half}\u001b[${'1;'.repeat(40)}m`, `r\u001b[mr\u001b[mx`])
      expect(throughChunks([token], Buffer.from(text), [3, 21, 25])).toBe(text);
    const redactor = createRedactor([token]);
    const many = `${half}${'\u001b[1m'.repeat(1_000)}`;
    const out = redactor.push(Buffer.from(many)).length;
    expect(many.length - out).toBeLessThan(100);
    expect(redactText([new Secret('one\u001b[1mvalue')], 'a one\u001b[1mvalue b')).toBe('a [secret] b');
  });

  it('lets a line out at once that cannot be the beginning of a secret', () => {
    const redactor = createRedactor([token]);
    expect(redactor.push(Buffer.from('working…\n')).toString()).toBe('working…\n');
    expect(redactor.push(Buffer.from('key: rlcr-01')).toString()).toBe('key: ');
    expect(redactor.push(Buffer.from('99\n')).toString()).toBe('rlcr-0199\n');
  });

  it('gives the same for every way to cut, and never more than half a secret', () => {
    for (let round = 0; round < 200; round++) {
      const secrets = Array.from({ length: 3 }, () => new Secret(randomBytes(randomInt(6, 30)).toString('base64url')));
      const parts = Array.from({ length: 12 }, () =>
        randomInt(2) === 0 ? randomBytes(randomInt(20)) : Buffer.from(secrets[randomInt(3)]?.reveal() ?? ''),
      );
      const bytes = Buffer.concat(parts);
      const whole = throughChunks(secrets, bytes, []);
      const cuts = Array.from({ length: randomInt(20) }, () => randomInt(bytes.length + 1));
      expect(throughChunks(secrets, bytes, cuts)).toBe(whole);
      expect(throughRedactors(secrets.toReversed(), bytes, cuts)).toBe(whole);
      for (const secret of secrets) expect(whole).not.toContain(secret.reveal());
    }
  });

  it('masks the longer of two secrets when one begins the other', () => {
    expect(redactText([new Secret('password'), new Secret('password-long')], 'x password-long y')).toBe('x [secret] y');
  });

  it('masks all of two occurrences that overlap or lie in one another, wherever the text is cut', () => {
    const secrets = ['abcdefgh', 'efghijkl', 'bcde', 'password', 'password-long', 'my-password-x'].map(
      (v) => new Secret(v),
    );
    const text = 'x abcdefghijkl y password-long z my-password-x bcdebcde';
    const masked = 'x [secret] y [secret] z [secret] [secret][secret]';
    expect(redactText(secrets, text)).toBe(masked);
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(throughChunks(secrets, bytes, [cut])).toBe(masked);
      expect(throughChunks(secrets, bytes, [cut, cut, Math.min(cut + 3, bytes.length)])).toBe(masked);
      for (let again = cut; again <= bytes.length; again++) {
        expect(throughRedactors(secrets, bytes, [cut, again])).toBe(masked);
      }
    }
  });

  it('masks a value as paths, forms and ASCII JSON have it', () => {
    const value = "a/b c!ü'(d)";
    const forms = [
      "a/b%20c!%C3%BC'(d)",
      'a%2Fb+c%21%C3%BC%27%28d%29',
      'a%2Fb%20c%21%C3%BC%27%28d%29',
      "a/b c!\\u00fc'(d)",
      "a\\/b c!ü'(d)",
    ];
    for (const form of forms) expect(redactText([new Secret(value)], `x=${form};`)).toBe('x=[secret];');
  });

  it('masks a value as Go and .NET write it in JSON, and as addresses have it', () => {
    const value = 'p&ss <1>+"é/@:w';
    const forms = [
      'p\\u0026ss \\u003c1\\u003e+\\"é/@:w',
      'p\\u0026ss \\u003C1\\u003E\\u002B\\u0022\\u00E9/@:w',
      encodeURI(value),
      new URL(`http://u:${encodeURIComponent(value)}@host`).password,
      Object.assign(new URL('http://host'), { password: value }).password,
    ];
    for (const form of forms) expect(redactText([new Secret(value)], `x=${form};`)).toBe('x=[secret];');
  });

  it('masks base64 and hex that are wrapped and indented', () => {
    const long = new Secret(TOKEN.repeat(4));
    const bytes = Buffer.from(long.reveal());
    for (const [text, width] of [
      [bytes.toString('base64'), 60],
      [bytes.toString('hex'), 32],
    ] as const) {
      const indented = text.replaceAll(new RegExp(`(.{${width}})`, 'g'), '$1\r\n        ').trim();
      for (let cut = 0; cut < 200; cut++)
        expect(throughChunks([long], Buffer.from(`  ${indented}`), [cut])).toMatch(/^ {2}\[secret\].?$/);
    }
  });

  it.each([4, 5, 7, 20, 64, 76])('masks what is wrapped into lines of %i characters, wherever they break', (width) => {
    for (const before of ['', ':', 'token:', `name=value\n${'x'.repeat(50)}\nTOKEN=`]) {
      const encoded = Buffer.from(`${before}${TOKEN}\nPATH=/usr/bin`).toString('base64');
      const [first, last] = [before.length, before.length + TOKEN.length].map((bytes) => (bytes * 8) / 6) as [
        number,
        number,
      ];
      // What also depends on a neighbour may stay, and up to three characters before a break.
      const own = encoded.slice(Math.ceil(first) + 3, Math.floor(last));
      for (const by of ['\n', '\r\n']) {
        for (let shift = 0; shift < width; shift++) {
          const text = `${'A'.repeat(shift)}${encoded}`.replaceAll(new RegExp(`(.{${width}})`, 'g'), `$1${by}`);
          const shown = redactText([token], text).replaceAll(/\s/g, '');
          expect(shown).toContain('[secret]');
          for (let at = 0; at + 8 <= own.length; at++) expect(shown).not.toContain(own.slice(at, at + 8));
        }
      }
    }
  });

  it('masks hex as xxd, od and openssl print it', () => {
    const pairs = Buffer.from(TOKEN).toString('hex').match(/../g) ?? [];
    for (const by of [' ', ':', '\n', ' \n']) {
      expect(redactText([token], `x ${pairs.join(by)} y`)).toBe('x [secret] y');
    }
    expect(redactText([token], `x ${pairs.map((pair) => pair.toUpperCase()).join(':')} y`)).toBe('x [secret] y');
  });

  it('masks a value in another case, as in a host name', () => {
    const mixed = new Secret('AbCdEfGhIjKlMnOp');
    expect(redactText([mixed], 'abcdefghijklmnop.example.com')).toBe('[secret].example.com');
  });

  it('masks a value of several lines with whatever line breaks', () => {
    const pem = '-----BEGIN KEY-----\nobviouslyfakeobviouslyfake\nobviouslyfakeAgain\n-----END KEY-----';
    expect(redactText([new Secret(pem)], `x\n${pem.replaceAll('\n', '\r\n')}\ny`)).toBe('x\n[secret]\ny');
  });

  describe('of a value of several lines', () => {
    const lines = ['-----BEGIN KEY-----', 'obviouslyFake/line+1', 'obviouslyFakeLine2==', '-----END KEY-----'];
    const pem = new Secret(`${lines.join('\n')}\n`);
    const printed: [string, string, string][] = [
      ['as it is', `${lines.join('\n')}\n`, '[secret]\n'],
      ['without its last line break', lines.join('\n'), '[secret]'],
      ['with CR LF', lines.join('\r\n'), '[secret]'],
      ['one line alone', lines[1] ?? '', '[secret]'],
      ['indented', lines.map((line) => `    ${line}\n`).join(''), '    [secret]\n'.repeat(4)],
      [
        'numbered',
        lines.map((line, i) => `     ${i + 1}\t${line}\n`).join(''),
        lines.map((_, i) => `     ${i + 1}\t[secret]\n`).join(''),
      ],
      ['with spaces for line breaks', lines.join(' '), '[secret] [secret] [secret] [secret]'],
      ['without line breaks', lines.join(''), '[secret]'],
      ['as JSON', JSON.stringify({ key: `${lines.join('\n')}\n` }), '{"key":"[secret]\\n"}'],
      [
        'as JSON within JSON',
        JSON.stringify(JSON.stringify(lines.join('\n'))),
        '"\\"[secret]\\\\n[secret]\\\\n[secret]\\\\n[secret]\\""',
      ],
      ['backwards', lines.toReversed().join('\n'), '[secret]\n[secret]\n[secret]\n[secret]'],
    ];

    it.each(printed)('masks it %s, wherever it is cut', (_how, text, masked) => {
      const bytes = Buffer.from(`x${text}y`);
      for (let cut = 0; cut <= bytes.length; cut++) {
        expect(throughChunks([pem], bytes, [cut])).toBe(`x${masked}y`);
        expect(throughRedactors([pem], bytes, [cut, Math.min(cut + 7, bytes.length)])).toBe(`x${masked}y`);
      }
    });

    it('masks the lines of a value whose line breaks are escaped, as a key in JSON has them', () => {
      const account = new Secret(JSON.stringify({ type: 'account', private_key: lines.join('\n') }));
      expect(redactText([account], lines.slice(1, 3).join('\n'))).toBe('[secret]\n[secret]');
    });

    it('masks it on one line, also where no line of it is long enough to be masked by itself', () => {
      const short = new Secret('pw1aa\npw2bb\n  pw3cc\n');
      for (let cut = 0; cut < 20; cut++)
        expect(throughChunks([short], Buffer.from('a pw1aa pw2bb pw3cc b'), [cut])).toBe('a [secret] b');
    });

    it('leaves alone what a short line of it says', () => {
      const settings = new Secret('{\n  a: 1,\n  password: "hunter2hunter2"\n}\n');
      expect(redactText([settings], '{ } a: 1, x: password: "hunter2hunter2"')).toBe('{ } a: 1, x: [secret]');
    });
  });

  it.each(['hunter2hunter2\n', 'hunter2hunter2\r\n', '\ufeffhunter2hunter2', ' \n hunter2hunter2 \n '])(
    'masks %j without what stands around it, in every form',
    (value) => {
      const forms = ['hunter2hunter2', 'HUNTER2HUNTER2', Buffer.from('hunter2hunter2').toString('hex')];
      for (const form of forms) expect(redactText([new Secret(value)], `x ${form}\n`)).toBe('x [secret]\n');
      const base64 = Buffer.from(value).toString('base64');
      expect(redactText([new Secret(value)], base64)).toContain('[secret]');
    },
  );

  it('takes little time and memory for as many and as long secrets as a request may have, whatever is printed', () => {
    const lines = Array.from({ length: 8 * 1_300 }, () => `${'a'.repeat(18)}${randomBytes(3).toString('hex')}`);
    const secrets = Array.from({ length: 8 }, (_, i) => lines.slice(i * 1_300, (i + 1) * 1_300).join('\n')).map(
      (value) => new Secret(value),
    );
    const before = process.memoryUsage();
    const began = performance.now();
    const redactor = createRedactor(secrets);
    for (let i = 0; i < 64; i++) redactor.push(Buffer.alloc(16_384, 'a'));
    const whole = secrets.map((secret) => secret.reveal()).join('\n');
    redactor.push(Buffer.from((Buffer.from(whole).toString('hex').match(/../g) ?? []).join(' ')));
    const tookMs = performance.now() - began;
    const after = process.memoryUsage();
    expect(redactor.flush().toString('latin1')).not.toMatch(/a{18}[0-9a-f]/);
    // One step for each byte of two megabytes: less than a second on its own, and hours where lines are tried one by one.
    expect(tookMs).toBeLessThan(20_000);
    expect((after.arrayBuffers - before.arrayBuffers) / 1e6).toBeLessThan(150);
  }, 60_000);

  it('holds nothing back after a whole secret at the end of a line', () => {
    const redactor = createRedactor([token]);
    expect(redactor.push(Buffer.from(`the token is ${TOKEN}\n`)).toString()).toBe('the token is [secret]\n');
    expect(redactor.heldBack).toBeNull();
  });

  it('lets lines out at once that end like a wrapped value begins, and no number of line breaks makes it hold more', () => {
    const redactor = createRedactor([token]);
    const base64 = Buffer.from(TOKEN).toString('base64');
    expect(redactor.push(Buffer.from(`see ${base64.slice(0, 3)}\n`)).toString()).toBe(`see ${base64.slice(0, 3)}\n`);
    redactor.push(Buffer.from(base64.slice(0, 20)));
    expect(redactor.push(Buffer.alloc(100_000, '\n')).length).toBe(100_020);
  });

  it('leaves text alone when there is nothing to mask', () => {
    expect(redactText([], 'abc')).toBe('abc');
    expect(redactText([new Secret('abc')], 'abc is too short to be a secret')).toBe('abc is too short to be a secret');
  });
});
