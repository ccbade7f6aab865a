import { readFile, readdir } from 'node:fs/promises';
import { wrongIn, type Attack } from '../../attack.ts';
import { openGitClient } from '../../../git-host/support/git-client.ts';
import { createRepo, getSession, logOf, settled, startSession, until } from '../../../scenarios/session.ts';
import { eventually } from '../../../support/eventually.ts';
import { ACCOUNT_KEY } from '../../../support/stack.ts';
import type { Arena } from '../../rig/arena.ts';
import { fromInside } from '../../rig/from-inside.ts';

import { PACK_BOMB } from './pack-bomb.ts';

const area = 'git';

/** `tree`: reads lines of `MODE TYPE SHA<TAB>NAME`, unchecked. `commit_of TREE`: pushes it to a branch; must be refused. */
const FORGE = `
blob=$(echo 'touch /tmp/pwned' | git hash-object -w --stdin)
tree() { git hash-object -t tree -w --literally --stdin; }
entry() { printf '%s %s\\0' "$1" "$2"; printf '%s' "$3" | sed 's/../\\\\x&/g' | xargs -0 printf '%b'; }
refused_tree() { commit=$(git commit-tree -m evil "$2") && denied "push of $1" git push -q origin "$commit:refs/heads/evil-$(date +%N)"; }`;

/** Repos and pushes made by somebody who means harm, for the host that serves them and the sandbox that clones them. */
export const GIT: Attack[] = [
  fromInside({
    name: 'a tree that would write into .git is refused by the host, in every spelling',
    area,
    must: 'Trees with .git, .GIT, git~1, .. and the like never get in.',
    script: `${FORGE}
      for name in .git .GIT .Git 'git~1' .. . '.git ' ".g$(printf '\\342\\200\\214')it" 'a/b'; do
        made=$(entry 40000 "$name" "$(entry 100755 post-checkout "$blob" | tree)" | tree)
        refused_tree "$name" "$made"
      done
      refused_tree "symlinked .gitmodules" "$(entry 120000 .gitmodules "$(printf /etc/passwd | git hash-object -w --stdin)" | tree)"
      refused_tree "symlinked .git" "$(entry 120000 .git "$(printf /tmp | git hash-object -w --stdin)" | tree)"`,
  }),
  fromInside({
    name: 'submodules with options, commands or paths for names are refused by the host',
    area,
    must: 'No .gitmodules gets in whose url begins with a dash, whose path or name leads out, or whose update runs a command.',
    script: `${FORGE}
      try() {
        made=$(entry 100644 .gitmodules "$(printf "$2" | git hash-object -w --stdin)" | tree)
        refused_tree "$1" "$made"
      }
      try "upload-pack in url" '[submodule "a"]\\n\\tpath = a\\n\\turl = --upload-pack=touch /tmp/pwned\\n'
      try "upload-pack in path" '[submodule "a"]\\n\\tpath = --upload-pack=x\\n\\turl = http://127.0.0.1/x\\n'
      try "name that leads out" '[submodule "../../hooks"]\\n\\tpath = a\\n\\turl = http://127.0.0.1/x\\n'
      try "update by command" '[submodule "a"]\\n\\tpath = a\\n\\turl = http://127.0.0.1/x\\n\\tupdate = !touch /tmp/pwned\\n'
      try "credentials in url" '[submodule "a"]\\n\\tpath = a\\n\\turl = "http://host.test\\\\n/x"\\n'`,
  }),
  {
    name: 'cloning a repo full of traps runs nothing of it',
    area,
    must: 'Attributes, filters, hooks, modules, LFS and fsmonitor of a tree are files, and nothing else.',
    async run(arena, underWay) {
      const script = '#!/bin/sh\ntouch /tmp/pwned\n';
      const repoId = await createRepo(arena.stack, {
        '.gitattributes': '* filter=evil diff=evil merge=evil text=auto eol=crlf\n',
        '.gitconfig':
          '[core]\n\tfsmonitor = touch /tmp/pwned\n\thooksPath = hooks\n\tsshCommand = touch /tmp/pwned\n[filter "evil"]\n\tsmudge = touch /tmp/pwned\n\tclean = touch /tmp/pwned\n',
        '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = ./x\n',
        '.lfsconfig': '[lfs]\n\turl = http://127.0.0.1:1/\n',
        'hooks/post-checkout': script,
        'hooks/post-merge': script,
        '.githooks/post-checkout': script,
        config: '[core]\n\tbare = true\n\tfsmonitor = touch /tmp/pwned\n',
        HEAD: 'ref: refs/heads/main\n',
        'objects/info/alternates': '/\n',
        'refs/heads/main': 'x\n',
      });
      const command = [
        'sh',
        '-c',
        'git status > /dev/null; ls /tmp; [ -e /tmp/pwned ] && echo "HOLE: ran"; git config --show-origin --list | grep -i fsmonitor; echo OVER',
      ];
      return neighbourly(arena, { repos: [{ id: repoId }], command }, underWay, ({ log }) =>
        wrongIn(
          [!log.includes('HOLE'), 'something of the repo ran'],
          [!log.includes('fsmonitor'), 'its configuration counts'],
          [log.includes('OVER'), `no end: ${log}`],
        ),
      );
    },
  },
  {
    name: 'a symbolic link that stands for a hook or a submodule leads nowhere',
    area,
    must: 'A case-folding pair of a link to .git and a folder, with a hook in it, is cloned as what it is.',
    async run(arena, underWay) {
      await using client = await openGitClient();
      const repoId = await createRepo(arena.stack);
      const git = (args: string[], input?: string): Promise<string> =>
        client.git(args, { cwd: 'repo', ...(input !== undefined && { input }) });
      await client.git(['init', '-q', '-b', 'main', 'repo']);
      const link = await git(['hash-object', '-w', '--stdin'], '.git');
      const hook = await git(['hash-object', '-w', '--stdin'], '#!/bin/sh\ntouch /tmp/pwned\n');
      await git(['update-index', '--add', '--cacheinfo', `120000,${link},a`]);
      await git(['update-index', '--add', '--cacheinfo', `100755,${hook},A/modules/x/hooks/post-checkout`]);
      await git(['update-index', '--add', '--cacheinfo', `100755,${hook},A/hooks/post-checkout`]);
      await git(['commit', '-q', '-m', 'trap']);
      const pushed = await client.try(['push', '-q', '--force', accountUrl(arena, repoId), 'HEAD:refs/heads/main'], {
        cwd: 'repo',
      });
      const command = [
        'sh',
        '-c',
        'git checkout -q .; [ -e /tmp/pwned ] && echo "HOLE: ran"; ls .git/hooks; echo OVER',
      ];
      return await neighbourly(arena, { repos: [{ id: repoId }], command }, underWay, ({ log }) =>
        wrongIn(
          [!log.includes('HOLE'), 'the hook ran'],
          [!/^post-checkout$/m.test(log), 'a hook was written'],
          [log.includes('OVER'), `no end (push ${pushed.exitCode}): ${log}`],
        ),
      );
    },
  },
  {
    name: 'a ref named like a command or an option is a name',
    area,
    must: 'It is cloned or refused, and nothing of it is carried out.',
    async run(arena, underWay) {
      const { stack } = arena;
      await using client = await openGitClient();
      const repoId = await createRepo(stack);
      await client.git(['clone', '-q', accountUrl(arena, repoId), 'repo']);
      const refs = [
        '$(touch${IFS}/tmp/pwned)',
        ';touch${IFS}/tmp/pwned',
        '`id`',
        "a'b",
        'a"b',
        'a|b&c',
        '<script>',
        'ünïcode',
        'a%00b',
        'x--upload-pack=y',
      ];
      for (const ref of refs) await client.git(['push', '-q', 'origin', `HEAD:refs/heads/${ref}`], { cwd: 'repo' });
      const command = [
        'sh',
        '-c',
        '[ -e /tmp/pwned ] && echo "HOLE: ran"; for dir in /workspace/*; do git -C "$dir" rev-parse HEAD; done; echo OVER',
      ];
      const repos = refs.map((ref, at) => ({ id: repoId, ref, path: `r${at}`, depth: 1 }));
      const refused = await Promise.all(
        [
          '--upload-pack=touch /tmp/x',
          '-c',
          'a/-x',
          'a..b',
          '@{-1}',
          'x.lock',
          'a b',
          'a\nb',
          'refs/heads/../../x',
        ].map(async (ref) => {
          const { status } = await stack.call('POST', '/v1/sessions', { repos: [{ id: repoId, ref }] });
          return [ref, status] as const;
        }),
      );
      return await neighbourly(arena, { repos, command }, underWay, ({ log }) =>
        wrongIn(
          [!log.includes('HOLE'), 'a ref was run'],
          [log.includes('OVER'), `no end: ${log}`],
          ...refused.map(([ref, status]): [boolean, string] => [
            status === 422,
            `${JSON.stringify(ref)} is answered ${status}`,
          ]),
        ),
      );
    },
  },
  fromInside({
    name: 'a fetch cannot have the host match costly patterns',
    area,
    must: 'Filters by a pattern in the repo are refused; those by size and depth work.',
    script: `
      for i in $(seq 2000); do echo "/*a*b*c*d*e*f*$i*/**/*x"; done > pattern
      git add pattern && git commit -q -m pattern && git push -q origin HEAD
      for filter in sparse:oid=HEAD:pattern object:type=blob combine:blob:none+sparse:oid=HEAD:pattern; do
        denied "$filter" timeout 20 git clone -q --no-checkout --filter=$filter "$(git remote get-url origin)" "/tmp/$(echo $filter | tr -c a-z -)"
      done
      git clone -q --no-checkout --filter=blob:none "$(git remote get-url origin)" /tmp/fine || hole "a filter by size fails"`,
  }),
  fromInside({
    name: 'one session cannot push the lines of others out of the host’s log',
    area,
    must: 'A flood of requests leaves a few hundred lines, and then a number.',
    script: `weapon <<'PY'
from weapon import *
import http.client, urllib.parse
base = urllib.parse.urlsplit(os.environ["RELACE_BASE_URL"])
connection = http.client.HTTPConnection(base.hostname, base.port)
for _ in range(3000):
    connection.request("GET", base.path + "/repo/none", headers={"authorization": "Bearer " + os.environ["REPO_TOKEN"]})
    connection.getresponse().read()
PY`,
    holds: (_outcome, arena) => {
      const lines = arena
        .printedBy('git-host')
        .split('\n')
        .filter((line) => line.includes('"route":"/repo/:repoId"'));
      return wrongIn(
        [lines.length > 100, 'the requests did not arrive'],
        [lines.length < 2_000, `${lines.length} lines are in the log`],
      );
    },
  }),
  fromInside({
    name: 'the host’s own refs and impossible refs cannot be pushed',
    area,
    must: 'refs/daypass, HEAD and names that lead out are refused; others’ objects cannot be asked for.',
    script: async (arena) => {
      const stolen = await victimHead(arena);
      return `
        for ref in refs/daypass/x refs/daypass/import refs/heads/../../config 'refs/heads/a..b' refs/heads/x.lock refs/heads/.hidden; do
          denied "$ref" git push -q origin "HEAD:$ref"
        done
        git ls-remote origin | grep daypass && hole "the host's refs are shown"
        denied "an object of the victim" git fetch -q origin ${stolen}
        denied "an object of the victim, without a filter" git -c protocol.version=0 fetch -q origin ${stolen}
        url=$(git remote get-url origin)
        for path in config HEAD objects/info/packs packed-refs hooks/post-receive 'info/refs' 'info/refs?service=git-upload-archive' git-upload-archive description; do
          code=$(curl -s -o /tmp/answer -w '%{http_code}' -u "x:$REPO_TOKEN" "$url/$path")
          case "$code" in 400|403|404|405|501) ;; *) hole "$path: $code $(head -c 100 /tmp/answer)" ;; esac
        done`;
    },
  }),
  PACK_BOMB,
  fromInside({
    name: 'a tree that unfolds to ten billion files fills its own sandbox alone',
    area,
    must: 'The host takes it; the clone meets the limits of its session, whose failure says so.',
    alone: true,
    script: `${FORGE}
      node=$(entry 100644 a "$blob" | tree)
      for level in 1 2 3 4 5 6 7 8 9 10; do
        node=$(for name in 0 1 2 3 4 5 6 7 8 9; do entry 40000 "d$name" "$node"; done | tree)
      done
      commit=$(git commit-tree -m bomb "$node") && git push -q origin "$commit:refs/heads/bomb" && echo pushed`,
    holds: async ({ log }, { stack }, repoId) => {
      if (!log.includes('pushed')) return ['the bomb was not pushed'];
      const { id } = await startSession(stack, {
        repos: [{ id: repoId, ref: 'bomb' }],
        command: ['true'],
        timeoutSeconds: 20,
        resources: { memoryMb: 64, cpus: 1, diskMb: 32 },
      });
      const { status, failure } = await settled(stack, id);
      return wrongIn([status === 'failed' || status === 'timed_out', `the session is ${status} (${failure?.code})`]);
    },
  }),
  fromInside({
    name: 'four thousand refs do not slow the host down for others',
    area,
    must: 'They are taken or refused in bounded time, and a clone of them comes through.',
    script: `
      head=$(git rev-parse HEAD)
      seq 4000 | sed "s|.*|create refs/heads/many/& $head|" | git update-ref --stdin
      timeout 40 git push -q origin 'refs/heads/many/*:refs/heads/many/*' && echo pushed
      timeout 20 git clone -q "$(git remote get-url origin)" /tmp/again || hole "it cannot be cloned any more"`,
  }),
  fromInside({
    name: 'uploads that never end and never move hold nobody up',
    area,
    must: 'Forty stalled pushes and fetches of one sandbox leave the host serving others, and end with the session.',
    script: `weapon <<'PY'
from weapon import *
from urllib.parse import urlsplit
import base64, subprocess
url = urlsplit(subprocess.check_output(["git", "remote", "get-url", "origin"], text=True).strip())
key = base64.b64encode(("x:" + os.environ["REPO_TOKEN"]).encode()).decode()
kept = []
for number in range(40):
    service = ("git-receive-pack", "git-upload-pack")[number % 2]
    connection = socket.create_connection((url.hostname, url.port), timeout=5)
    connection.sendall((f"POST {url.path}/{service} HTTP/1.1\\r\\nHost: {url.netloc}\\r\\nAuthorization: Basic {key}\\r\\nContent-Type: application/x-{service}-request\\r\\n"
                        "Transfer-Encoding: chunked\\r\\n\\r\\n4\\r\\n0032\\r\\n").encode())
    kept.append(connection)
print(f"stalled={len(kept)}", flush=True)
time.sleep(2)
PY`,
    holds: async ({ log }) => {
      // Others use the host, too: what was there at this moment is to end.
      const seen = await uploads();
      const left = async (): Promise<string[]> => (await uploads()).filter((pid) => seen.includes(pid));
      const still = await eventually(left, (pids) => pids.length === 0).catch(left);
      return wrongIn(
        [log.includes('stalled=40'), 'they were not stalled'],
        [still.length === 0, `${still.length} git processes of the host go on`],
      );
    },
  }),
  fromInside({
    name: 'broken packs and requests are refused without a stack trace',
    area,
    must: 'Garbage, wrong checksums, cut packs, gzip bombs and impossible packet lengths are client errors.',
    script: `
      url=$(git remote get-url origin)
      send() { code=$(curl -s -m 20 -o /tmp/answer -w '%{http_code}' -u "x:$REPO_TOKEN" -H "content-type: application/x-git-$1-request" $3 --data-binary @"$2" "$url/git-$1"); [ "$code" -lt 500 ] && [ "$code" != 000 ] || hole "$1 of $2: $code"; }
      head -c 100000 /dev/urandom > /tmp/garbage
      printf 'fffz' > /tmp/length
      printf '0001' > /tmp/delimiter
      : > /tmp/empty
      printf 'PACK\\0\\0\\0\\2\\377\\377\\377\\377' > /tmp/pack
      (printf '0067%s %s refs/heads/x\\0report-status' 0000000000000000000000000000000000000000 1111111111111111111111111111111111111111; printf '0000PACK\\0\\0\\0\\2\\377\\377\\377\\377') > /tmp/push
      head -c 200000000 /dev/zero | gzip -9 > /tmp/bomb
      printf '\\37\\213\\10\\0garbage' > /tmp/nogzip
      for service in receive-pack upload-pack; do
        for file in garbage length delimiter empty pack push; do send $service /tmp/$file ""; done
        for file in bomb nogzip garbage; do send $service /tmp/$file "-H content-encoding:gzip"; done
      done
      git ls-remote origin > /dev/null || hole "the host does not serve any more"`,
  }),
];

function accountUrl({ stack }: Arena, repoId: string): string {
  return `${stack.gitHostUrl.replace('http://', `http://x:${ACCOUNT_KEY}@`)}/repo/${repoId}.git`;
}

async function victimHead({ stack, victim }: Arena): Promise<string> {
  return (await getSession(stack, victim.id)).repos[0]?.head ?? '';
}

/** Starts a session of an attack, and looks at its log when it is over. */
async function neighbourly(
  { stack, starts }: Arena,
  body: object,
  underWay: () => void,
  look: (outcome: { log: string }) => string[],
): Promise<string[]> {
  const { id } = await starts.run(async () => {
    const accepted = await startSession(stack, { timeoutSeconds: 60, ...body });
    return until(stack, accepted.id, ({ status }) => !['queued', 'starting'].includes(status));
  });
  underWay();
  const { failure } = await settled(stack, id);
  const log = await logOf(stack, id);
  return [...look({ log }), ...(failure === null ? [] : [`the session failed: ${failure.message}`])];
}

/** Git processes of the host that serve a push or a fetch, of whatever repo, by their numbers. */
async function uploads(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_, i) => /^git\0.*\0(receive|upload)-pack\0/.test(lines[i] ?? ''));
}
