import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.ts';
import { createRepo, logOf, settled, startSession } from './session.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
}, 60_000);
afterAll(() => stack?.[Symbol.asyncDispose](), 60_000);

/** Runs a script in a session on a repo, and gives its log once it has succeeded. */
async function run(repo: string, script: string, over: object = {}): Promise<string> {
  const body = { repos: [{ id: repo, path: 'app' }], command: ['bash', '-euc', script], ...over };
  const { id } = await startSession(stack, body);
  const { status, failure, exitCode } = await settled(stack, id);
  const log = await logOf(stack, id);
  expect({ status, failure, exitCode, log }).toMatchObject({ status: 'succeeded', failure: null, exitCode: 0 });
  return log;
}

describe.each(['env', 'gateway'])('git inside a sandbox, delivery %s', (delivery) => {
  it('works by local path: clone, push, fetch, bundle and submodule', async () => {
    const repo = await createRepo(stack);
    const script = `
      git clone -q --bare . /tmp/bare.git; git clone -q /tmp/bare.git /tmp/copy; cd /tmp/copy
      git commit -q --allow-empty -m local; git push -q origin HEAD:local; git fetch -q /tmp/bare.git local
      git bundle create -q /tmp/all.bundle --all; git clone -q /tmp/all.bundle /tmp/from-bundle
      git submodule --quiet add /tmp/bare.git inner; git commit -qm inner
      git clone -q --recurse-submodules /tmp/copy /tmp/outer; test -e /tmp/outer/inner/README.md
      cd /workspace/app; git fetch -q origin; echo all well`;
    expect(await run(repo, script, { credentials: { delivery } })).toContain('all well');
  });

  it('takes a tag, a branch and a commit for what they are, also where their names are alike', async () => {
    const repo = await createRepo(stack);
    const id = 'a'.repeat(40);
    const script = `
      git commit -q --allow-empty -m branch; git push -q origin HEAD:refs/heads/v1 HEAD:refs/heads/${id}
      git commit -q --allow-empty -m tag; git tag v1; git push -q origin refs/tags/v1; git rev-parse HEAD~2`;
    const push = { branches: ['*', 'refs/tags/*'] };
    const log = await run(repo, script, {
      repos: [{ id: repo, path: 'app', ...(delivery === 'gateway' && { push }) }],
      credentials: { delivery },
    });
    const commit = /[0-9a-f]{40}/.exec(log)?.[0] ?? '';
    const subjectAt = async (ref: string): Promise<string> =>
      (
        await run(repo, 'git log -1 --format=%s', {
          repos: [{ id: repo, path: 'app', ref }],
          credentials: { delivery },
        })
      ).trim();
    expect(await subjectAt('refs/tags/v1')).toBe('tag');
    expect(await subjectAt('refs/heads/v1')).toBe('branch');
    expect(await subjectAt(`refs/heads/${id}`)).toBe('branch');
    expect(await subjectAt(commit.toUpperCase())).not.toMatch(/tag|branch/);
  });
});

it("reaches the agent's own servers by every name of the sandbox, with the proxy variables set", async () => {
  const script = `
    cd /tmp; echo mine > page; for bind in 0.0.0.0 ::1; do python3 -m http.server 8000 --bind $bind >/dev/null 2>&1 & done
    for host in 127.0.0.1 '[::1]'; do until curl -gso /dev/null "http://$host:8000/"; do sleep 0.1; done; done
    for host in 127.0.0.1 127.0.0.2 0.0.0.0 '[::1]' localhost "$(hostname)"; do
      echo "curl $host $(curl -sg http://$host:8000/page)"
      echo "node $host $(node -e 'fetch(process.argv[1]).then(r => r.text()).then(t => console.log(t.trim()))' http://$host:8000/page)"
      echo "python $host $(python3 -c 'import sys,urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode().strip())' http://$host:8000/page)"
    done`;
  const log = await run(await createRepo(stack), script);
  const lines = log.split('\n').filter((line) => line !== '');
  expect(lines).toHaveLength(18);
  for (const line of lines) expect(line).toMatch(/ mine$/);
});

it('has room for what is longer than any disk and holds nothing, and none for what is more than the disk', async () => {
  const script = `
    truncate -s 3G sparse; truncate -s 3T /tmp/sparser || truncate -s 100G /tmp/sparser
    python3 -c 'import os; f = os.memfd_create("m"); os.ftruncate(f, 2 << 40); print("memfd", os.fstat(f).st_size)'
    ! head -c 200M /dev/zero > full 2>/dev/null; echo 'the disk is full'`;
  const log = await run(await createRepo(stack), script, { resources: { diskMb: 64 } });
  expect(log).toContain(`memfd ${2 * 2 ** 40}`);
  expect(log).toContain('the disk is full');
});

it('shows nothing of the disks of the host, on which those of other sandboxes are', async () => {
  const script = `
    ls -A /sys/block /sys/class/block /sys/dev/block /sys/devices/virtual/block; wc -c /proc/diskstats /proc/partitions
    grep -c 'sbx_' /proc/self/mountinfo || true`;
  const log = await run(await createRepo(stack), script);
  expect(log).not.toMatch(/loop\d|sd[a-z]|vd[a-z]|nvme|dm-/);
});

it('has home, /tmp and /dev/shm that grow with the memory, or are as large as was asked for', async () => {
  const repo = await createRepo(stack);
  const sizes = `df -BM --output=target,size /home/agent /tmp /dev/shm | tail -n +2 | tr -s ' ' | tr -d ' M'`;
  const filled = 'head -c 300M /dev/zero > ~/cache; head -c 100M /dev/zero > /dev/shm/pages; rm ~/cache /dev/shm/pages';
  const grown = await run(repo, `${sizes}; ${filled}`, { resources: { memoryMb: 1_024 } });
  expect(grown.trim().split('\n')).toEqual(['/home/agent512', '/tmp512', '/dev/shm512']);
  const resources = { memoryMb: 512, homeMb: 300, tmpMb: 64, shmMb: 32 };
  expect((await run(repo, sizes, { resources })).trim().split('\n')).toEqual([
    '/home/agent300',
    '/tmp64',
    '/dev/shm32',
  ]);
  expect((await run(repo, sizes, { resources: { memoryMb: 96 } })).trim().split('\n')).toEqual([
    '/home/agent256',
    '/tmp256',
    '/dev/shm64',
  ]);
});
