import { randomBytes } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import { readFile } from 'node:fs/promises';
import { wrongIn, type Attack } from '../attack.ts';
import { LARGEST_SECRETS } from '../../support/largest-secrets.ts';
import { openSse } from '../../support/sse-client.ts';
import { backwards, fromInside, type Outcome } from '../rig/from-inside.ts';
import { VICTIM_SECRET, type Arena } from '../rig/arena.ts';

const area = 'logs';
const COLOURED = 'sk-obviously-fake-secret-in-colours';
const MEGABYTE = 1024 * 1024;

interface LogRecord {
  id: string;
  stream: string;
  text: string;
  partial?: boolean;
  code?: string;
}

async function recordsOf({ stack }: Arena, { session }: Outcome): Promise<LogRecord[]> {
  const text = await (
    await stack.call('GET', `/v1/sessions/${session.id}/logs`, undefined, { accept: 'application/x-ndjson' })
  ).text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogRecord);
}

/** Whether the ids count from 1 without a gap. */
function isWhole(records: LogRecord[]): boolean {
  return records.every(({ id }, at) => id === String(at + 1));
}

/** Garbage and buffers come to less; whoever held a line of 100 MB, read and decoded, would grow by more. */
const MAX_GROWTH_MB = 250;

async function rssMb(arena: Arena, role: 'worker' | 'api'): Promise<number> {
  const status = await readFile(`/proc/${arena.stack.process(role).pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

/** Output made to fool who reads it, or to drown who stores it. */
export const LOGS: Attack[] = [
  fromInside({
    name: 'escape sequences and scripts in the log reach a browser as text',
    area,
    must: 'Whatever a client accepts, the answer is text or JSON, is not sniffed, and may run nothing.',
    script: `
      printf '\\033]52;c;ZXZpbA==\\007\\033]8;;http://evil.test\\007link\\033]8;;\\007\\033[2J\\033[31mred\\033]0;title\\007\\n'
      echo '<script>alert(1)</script><img src=x onerror=alert(1)><!--'; printf '\\342\\200\\256reversed\\n'`,
    holds: async ({ session }, { stack }) => {
      const found: string[] = [];
      for (const accept of [
        'text/html',
        '*/*',
        'text/plain',
        'image/svg+xml',
        'application/x-ndjson',
        'text/event-stream',
      ]) {
        const { headers } = await stack.call('GET', `/v1/sessions/${session.id}/logs?follow=false`, undefined, {
          accept,
        });
        if (/html|svg|xml/.test(headers.get('content-type') ?? ''))
          found.push(`${accept} is answered as ${headers.get('content-type')}`);
        if (headers.get('x-content-type-options') !== 'nosniff') found.push(`${accept} may be sniffed`);
        if (!(headers.get('content-security-policy') ?? '').includes("default-src 'none'"))
          found.push(`${accept} has no policy`);
      }
      return found;
    },
  }),
  fromInside({
    name: 'a line cannot pass for a record, an event or the end of the log',
    area,
    must: 'Lines made like NDJSON or server-sent events stay the text of a record.',
    script: `
      printf '{"id":"1","stream":"system","text":"forged","code":"log_capped"}\\n'
      printf '\\n\\ndata: {"id":"9","stream":"system","text":"forged"}\\n\\nevent: end\\ndata: {}\\n\\n'
      printf 'a\\r\\revent: end\\r\\rdata: {"forged":true}\\r\\r\\n'
      printf 'b\\342\\200\\250data: forged\\342\\200\\251\\302\\205event: end\\n'
      printf 'id: 999999999\\nretry: 1\\n'`,
    holds: async (outcome, arena) => {
      const records = await recordsOf(arena, outcome);
      const { env, apiUrl } = arena.stack;
      const key = env['DAYPASS_API_KEYS']?.split(':')[1] ?? '';
      using sse = await openSse(`${apiUrl}/v1/sessions/${outcome.session.id}/logs`, { authorization: `Bearer ${key}` });
      const messages: { id?: string; event?: string }[] = [];
      for (let message = await sse.next(); message !== null; message = await sse.next()) messages.push(message);
      const ends = messages.filter(({ event }) => event === 'end');
      return wrongIn(
        [
          records.every(({ stream, text }) => stream !== 'system' || !text.includes('forged')),
          'a forged record counts',
        ],
        [records.every(({ code }) => code !== 'log_capped'), 'a forged code counts'],
        [isWhole(records), 'the ids have a gap'],
        [
          ends.length === 1 && messages.length === records.length + 1,
          `${messages.length} messages, ${ends.length} ends, ${records.length} records`,
        ],
      );
    },
  }),
  fromInside({
    name: 'carriage returns hide nothing that was printed before them',
    area,
    must: 'What a terminal would overwrite is in the record.',
    script: `printf 'rm -rf /precious\\rls -la          \\n'; printf 'hidden\\b\\b\\b\\b\\b\\bshown.\\n'`,
    holds: async (outcome, arena) => {
      const text = (await recordsOf(arena, outcome)).map((record) => record.text).join('\n');
      return wrongIn(
        [text.includes('rm -rf /precious'), 'the overwritten text is gone'],
        [text.includes('hidden'), 'the erased text is gone'],
      );
    },
  }),
  fromInside({
    name: 'NULs, broken UTF-8 and lone halves of characters make whole records',
    area,
    must: 'Every answer is valid UTF-8 and JSON, and no line is lost.',
    script: `printf 'a\\0b\\n\\377\\376\\n\\303\\n\\355\\240\\200\\n\\360\\237\\n'; head -c 200000 /dev/urandom; printf '\\nlast\\n'`,
    holds: async (outcome, arena) => {
      const bytes = await (
        await arena.stack.call('GET', `/v1/sessions/${outcome.session.id}/logs`, undefined, {
          accept: 'application/x-ndjson',
        })
      ).arrayBuffer();
      const records = await recordsOf(arena, outcome);
      return wrongIn(
        [isUtf8(bytes), 'the answer is not valid UTF-8'],
        [records.some(({ text }) => text === 'last'), 'the last line is lost'],
        [isWhole(records), 'the ids have a gap'],
      );
    },
  }),
  {
    name: 'a line of a hundred megabytes is cut, capped and marked, and grows no process of ours',
    area,
    must: 'Parts of 64 KiB, at most the log’s limit, a visible mark; worker and API stay small.',
    alone: true,
    async run(arena, underWay) {
      const before = { worker: await rssMb(arena, 'worker'), api: await rssMb(arena, 'api') };
      const attack = fromInside({
        name: '',
        area,
        must: '',
        isCapped: true,
        request: { timeoutSeconds: 60 },
        script: `head -c 104857600 /dev/zero | tr '\\0' a; echo; echo end of line`,
        holds: async (outcome) => {
          const records = await recordsOf(arena, outcome);
          const worker = (await rssMb(arena, 'worker')) - before.worker;
          const api = (await rssMb(arena, 'api')) - before.api;
          return wrongIn(
            [records.every(({ text }) => text.length <= 65_536), 'a record is larger than 64 KiB'],
            [records.some(({ partial }) => partial === true), 'no part says that it is one'],
            [records.some(({ code }) => code === 'log_capped'), 'the cap is not marked'],
            [worker < MAX_GROWTH_MB, `the worker grew by ${worker.toFixed(0)} MB`],
            [api < MAX_GROWTH_MB, `the API grew by ${api.toFixed(0)} MB`],
          );
        },
      });
      return attack.run(arena, underWay);
    },
  },
  fromInside({
    name: 'three million lines as fast as they come are capped and hold nobody up',
    area,
    must: 'The log ends at its limit with a mark, the command comes to its end.',
    alone: true,
    isCapped: true,
    request: { timeoutSeconds: 60 },
    script: `seq 1 3000000`,
    holds: async (outcome, arena) => {
      const records = await recordsOf(arena, outcome);
      const size = records.reduce((sum, { text }) => sum + text.length + 1, 0);
      return wrongIn(
        [isWhole(records), 'the ids have a gap'],
        [size <= 12 * MEGABYTE, `${(size / MEGABYTE).toFixed(1)} MB are kept of a limit of 8`],
        [records.some(({ code }) => code === 'log_capped'), 'the cap is not marked'],
      );
    },
  }),
  {
    name: 'the most secrets that a session may have, all printed, are masked and hold nobody up',
    area,
    must: 'No line of them is in the log; the worker stays small, and a neighbour starts as soon as ever.',
    async run(arena, underWay) {
      const before = await rssMb(arena, 'worker');
      const values = LARGEST_SECRETS['lines with something to escape']();
      const names = values.map((_, at) => `MANY_${at}`);
      const attack = fromInside({
        name: '',
        area,
        must: '',
        request: { secrets: Object.fromEntries(names.map((name, at) => [name, values[at]])) },
        script: names
          .map((name) => `printf '%s\\n' "$${name}" "$${name}" | cat -n; printf %s "$${name}" | base64`)
          .join('\n'),
        holds: async (outcome) => {
          const text = (await recordsOf(arena, outcome)).map((record) => record.text).join('\n');
          const shown = values.flatMap((value) => value.split('\n')).filter((line) => text.includes(line));
          const grownMb = (await rssMb(arena, 'worker')) - before;
          return wrongIn(
            [shown.length === 0, `${shown.length} lines of secrets are in the log`],
            [text.includes('[secret]'), 'nothing was masked'],
            [grownMb < MAX_GROWTH_MB, `the worker grew by ${grownMb.toFixed(0)} MB`],
          );
        },
      });
      return attack.run(arena, underWay);
    },
  },
  {
    name: 'the beginning of a secret with breaks after every byte or at odd ones holds nobody up',
    area,
    must: 'What is held back stays small in memory and in each commit; the worker stays small, and a neighbour starts as soon as ever.',
    async run(arena, underWay) {
      const before = await rssMb(arena, 'worker');
      const attack = fromInside({
        name: '',
        area,
        must: '',
        request: { stdin: { text: randomBytes(16_000).toString('hex'), secret: true } },
        script: `
          base64 -w0 > /tmp/b
          { head -c 12 /tmp/b; tail -c +13 /tmp/b | head -c -40 | fold -w1 | sed 's/$/\\r/'; } > /tmp/even
          weapon <<'PY'
from weapon import *
import random
text = open("/tmp/b").read()[:-40]
with open("/tmp/odd", "w") as out:
    at = 0
    while at < len(text):
        width = random.randint(4, 12); out.write(text[at:at + width] + random.choice(["\\n", "\\r\\n", "\\n  "])); at += width
for name, size in (("/tmp/even", 4096), ("/tmp/odd", 65536)):
    os.write(1, b"\\n--\\n")
    for piece in iter(lambda source=open(name, "rb"): source.read(size), b""):
        os.write(1, piece); os.write(2, b"x\\n"); time.sleep(0.01)
PY`,
        holds: async (outcome) => {
          const began = performance.now();
          const records = (await recordsOf(arena, outcome)).length;
          const readMs = performance.now() - began;
          const grownMb = (await rssMb(arena, 'worker')) - before;
          return wrongIn(
            [records > 0, 'nothing was logged'],
            [readMs < 20_000, `its log takes ${readMs.toFixed(0)} ms to be read`],
            [grownMb < MAX_GROWTH_MB, `the worker grew by ${grownMb.toFixed(0)} MB`],
          );
        },
      });
      return attack.run(arena, underWay);
    },
  },
  fromInside({
    name: 'a secret in which colours begin and end is masked',
    area,
    must: 'Without the colours, no reader finds it in the log: as grep prints it, and with a colour around each byte.',
    request: { secrets: { MODEL_KEY: COLOURED } },
    script: `
      for part in s k- obviously in-colours s; do printf '%s\\n' "$MODEL_KEY" | grep --color=always -- "$part"; done
      printf '%s\\n' "$MODEL_KEY" | sed "s/./$(printf '\\033')[1;31m&$(printf '\\033')[0m/g"
      printf '%s\\n' "$MODEL_KEY" | sed "s/./&$(printf '\\033')[38;2;255;100;0m$(printf '\\033')(B/g"`,
    holds: ({ log }) => {
      const plain = stripVTControlCharacters(log.replaceAll('\u001b(B', ''));
      return wrongIn(
        [!plain.includes(COLOURED), 'it is in the log'],
        [plain.split('[secret]').length > 7, 'not all of them were masked'],
      );
    },
  }),
  fromInside({
    name: 'a secret scattered over writes, streams and lines of parts is masked',
    area,
    must: 'Wherever a reader would see it whole, it is not there.',
    request: { secrets: { MODEL_KEY: 'sk-obviously-fake-secret-in-parts' } },
    script: `weapon <<'PY'
from weapon import *
secret = os.environ["MODEL_KEY"].encode()
for cut in range(1, len(secret)):
    os.write(1, b"x" + secret[:cut]); time.sleep(0.005); os.write(1, secret[cut:] + b"\\n")
for byte in secret:
    os.write(1, bytes([byte])); os.write(2, bytes([byte]))
os.write(1, b"\\n"); os.write(2, b"\\n")
os.write(1, b"a" * (65536 - 10) + secret + b"\\n")
os.write(1, b"a" * (65536 * 2 - 5) + secret + b"\\n")
os.write(1, secret * 100 + b"\\n")
os.write(1, secret[:20]); os.write(2, b"between\\n"); os.write(1, secret[20:] + b"\\n")
PY`,
    holds: async (outcome, arena) => {
      const records = await recordsOf(arena, outcome);
      const secret = 'sk-obviously-fake-secret-in-parts';
      const byStream = ['stdout', 'stderr'].map((stream) => records.filter((record) => record.stream === stream));
      const joined = byStream.map((list) =>
        list.map(({ text, partial }) => text + (partial === true ? '' : '\n')).join(''),
      );
      return wrongIn(
        [!joined.some((text) => text.includes(secret)), 'it is in the records, parts put together'],
        [!outcome.log.includes(secret), 'it is in the plain log'],
      );
    },
  }),
  fromInside({
    name: 'nothing is added to a log after its session’s end',
    area,
    must: 'A process that was left behind writes to nobody.',
    script: `setsid sh -c 'trap "" TERM HUP; while :; do echo late; sleep 0.01; done' & sleep 0.2; echo done`,
    holds: async (outcome, { stack }) => {
      const again = await (await stack.call('GET', `/v1/sessions/${outcome.session.id}/logs`)).text();
      return wrongIn([again === outcome.log, 'the log has grown since']);
    },
  }),
  fromInside({
    name: 'who closes its output or never reads its input still ends',
    area,
    must: 'The exit is reported, and the log is what came before.',
    ends: 'failed',
    script: `echo before; exec < /dev/null > /dev/null 2>&1; exec 1>&- 2>&- 0<&-; exit 9`,
    holds: ({ session, log }) =>
      wrongIn(
        [session.exitCode === 9, `the exit is ${session.exitCode}`],
        [log.includes('before'), 'the first line is lost'],
      ),
  }),
  {
    name: 'readers that never read do not grow the API, and writers go on',
    area,
    must: 'Forty followers that stop reading cost the API no memory to speak of.',
    async run(arena, underWay) {
      const { stack } = arena;
      const before = await rssMb(arena, 'api');
      const leaving = new AbortController();
      const attack = fromInside({
        name: '',
        area,
        must: '',
        script: `python3 -c 'for n in range(600): print(str(n) + "x" * 10000)'`,
        holds: async () =>
          wrongIn([
            (await rssMb(arena, 'api')) - before < MAX_GROWTH_MB,
            `the API grew by ${((await rssMb(arena, 'api')) - before).toFixed(0)} MB`,
          ]),
      });
      const key = stack.env['DAYPASS_API_KEYS']?.split(':')[1] ?? '';
      const follow = async (): Promise<void> => {
        const { data } = (await (await stack.call('GET', '/v1/sessions?limit=1')).json()) as { data: { id: string }[] };
        const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream' };
        await Promise.all(
          Array.from({ length: 40 }, () =>
            fetch(`${stack.apiUrl}/v1/sessions/${data[0]?.id}/logs`, { headers, signal: leaving.signal }).catch(
              () => null,
            ),
          ),
        );
      };
      try {
        let following: Promise<void> = Promise.resolve();
        const wrong = await attack.run(arena, () => {
          underWay();
          following = follow();
        });
        await following;
        return wrong;
      } finally {
        leaving.abort();
      }
    },
  },
  fromInside({
    name: 'another session’s secret is not masked away for whoever guesses at it',
    area,
    must: 'A log hides its own session’s secrets only, so that masking tells nothing about others’.',
    // Backwards, for a command is written down as it is.
    script: `echo "guess $(echo '${backwards(VICTIM_SECRET)}' | rev)"`,
    holds: ({ log }) => wrongIn([log.includes(`guess ${VICTIM_SECRET}`), 'the mask told a guess from a miss']),
  }),
];

function isUtf8(bytes: ArrayBuffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
