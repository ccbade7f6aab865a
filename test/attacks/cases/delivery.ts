import type { Attack } from '../attack.ts';
import { fromInside } from '../rig/from-inside.ts';

const area = 'token';
const BY_GATEWAY = { credentials: { delivery: 'gateway' } };

/** Sessions whose token never enters: asking the gateway for more than the session may. */
export const DELIVERY: Attack[] = [
  fromInside({
    name: 'a token that the gateway keeps is nowhere in the sandbox',
    area,
    must: 'No variable, file, argument, answer or error of git holds one; git works all the same.',
    request: BY_GATEWAY,
    script: `
      git fetch -q origin && git ls-remote origin > /dev/null || hole "git does not work"
      [ -z "\${REPO_TOKEN-}\${RELACE_API_KEY-}" ] || hole "a token in the environment"
      printf 'protocol=http\\nhost=%s\\n\\n' "$(git remote get-url origin | cut -d/ -f3)" | GIT_TERMINAL_PROMPT=0 git credential fill 2>/dev/null | grep '^password=..*' && hole "a credential"
      GIT_TRACE=1 GIT_TRACE_CURL=1 GIT_CURL_VERBOSE=1 git fetch origin > /tmp/trace 2>&1
      grep -iE '(authorization|set-cookie):' /tmp/trace | grep -v '<redacted>' && hole "the trace tells it"
      if tr '\\0' '\\n' < /proc/self/environ | grep -E '(tok|rtk|repo)[-_][A-Za-z0-9]{16,}'; then hole "something like a token"; fi`,
  }),
  fromInside({
    name: 'the gateway adds its credential to git of the session’s repos and to nothing else',
    area,
    must: 'Other repos, REST, other verbs and look-alike paths are refused or go without it.',
    request: BY_GATEWAY,
    script: ({ victim, stack }) => `
      mine=$(basename "$PWD"); origin=$(git remote get-url origin); base=\${origin%/repo/*}
      denied "the victim's repo" git ls-remote "$base/repo/${victim.repoId}.git"
      for path in "repo/${victim.repoId}.git/info/refs?service=git-upload-pack" "repo/$mine.git/../${victim.repoId}.git/info/refs?service=git-upload-pack" \\
                  "repo/$mine.git%2f..%2f${victim.repoId}.git/info/refs?service=git-upload-pack" "repo/$mine" "repo" "repo_token" "repo/$mine/update" "repo//$mine.git/info/refs?service=git-upload-pack" \\
                  "repo/$mine.git/info/refs?service=git-upload-archive" "repo/$mine.git/config" "./repo_token" "repo/$mine.git/git-upload-pack/../../../repo_token"; do
        for method in GET POST DELETE; do
          code=$(curl -s --path-as-is -X $method -o /tmp/answer -w '%{http_code}' -m 10 "$base/$path")
          case "$code" in 2*) tr -d '\\0' < /tmp/answer | grep -q -e 'ERR ' -e "$(git rev-parse HEAD)" || hole "$method $path: $code $(tr -d '\\0' < /tmp/answer | head -c 200)" ;; esac
        done
      done
      code=$(curl -s -o /tmp/answer -w '%{http_code}' -m 10 -H "host: evil.test" "$base/repo_token"); [ "\${code#2}" = "$code" ] || hole "by another host name: $code"
      curl -s -m 10 -H 'authorization: Bearer mine' "${stack.gitHostUrl}/repo_token" | grep '"items"' && hole "the list of tokens"
      true`,
  }),
  fromInside({
    name: 'pushes outside of the session’s rules are refused in git’s own words',
    area,
    must: 'Only its own branches; no other branch, tag, forced push or deletion; and nothing of a refused push is kept.',
    request: BY_GATEWAY,
    repo: { push: {} },
    script: `
      git commit -q --allow-empty -m change
      denied "main" git push -q origin HEAD:refs/heads/main
      denied "another session's branch" git push -q origin HEAD:refs/heads/agent/ses_other/x
      denied "a look-alike" git push -q origin "HEAD:refs/heads/agent/$DAYPASS_SESSION_ID"
      denied "a tag" git push -q origin HEAD:refs/tags/v1
      denied "deletion" git push -q origin :refs/heads/main
      git push -q origin "HEAD:refs/heads/agent/$DAYPASS_SESSION_ID/a" || hole "its own branch is refused"
      denied "one of two" git push -q --atomic origin "HEAD:refs/heads/agent/$DAYPASS_SESSION_ID/b" HEAD:refs/heads/main
      git commit -q --amend --allow-empty -m other
      denied "a forced push" git push -q --force origin "HEAD:refs/heads/agent/$DAYPASS_SESSION_ID/a"
      denied "deletion of its own" git push -q origin ":refs/heads/agent/$DAYPASS_SESSION_ID/a"
      git ls-remote origin | grep -E 'heads/(main)' | grep "$(git rev-parse HEAD)" && hole "main has moved"
      true`,
  }),
  fromInside({
    name: 'a push made by hand is read as carefully as git’s own',
    area,
    must: 'A forbidden branch is refused in gzip, in chunks and with odd headers alike.',
    request: BY_GATEWAY,
    repo: { push: {} },
    script: `
      git commit -q --allow-empty -m planted
      denied "push" git push -q origin "HEAD:refs/heads/main"
      origin=$(git remote get-url origin)
      head=$(git rev-parse HEAD)
      line="0000000000000000000000000000000000000000 $head refs/heads/planted"
      ( printf '%04x%s\\0report-status' $((4 + \${#line} + 14)) "$line"; printf '0000'; git pack-objects --stdout < /dev/null 2>/dev/null ) > /tmp/body
      gzip -k /tmp/body
      push() { curl -s -o /tmp/answer -m 10 -H 'content-type: application/x-git-receive-pack-request' "$@" "$origin/git-receive-pack"; }
      push --data-binary @/tmp/body
      push -H 'content-encoding: gzip' --data-binary @/tmp/body.gz
      push -H 'transfer-encoding: chunked' --data-binary @/tmp/body
      push -H 'x-http-method-override: POST' -H 'git-protocol: version=1:x' --data-binary @/tmp/body
      git ls-remote origin | grep planted && hole "a branch outside of the rules was pushed by hand"
      true`,
  }),
];
