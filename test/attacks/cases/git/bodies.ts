import { fromInside } from '../../rig/from-inside.ts';

const area = 'git';

const SEND = `
from weapon import *
from urllib.parse import urlsplit
import base64, subprocess, threading
url = urlsplit(subprocess.check_output(["git", "remote", "get-url", "origin"], text=True).strip())
key = base64.b64encode(("x:" + os.environ["REPO_TOKEN"]).encode()).decode()
repo = url.path.removesuffix(".git")
def connect():
    return socket.create_connection((url.hostname, url.port), timeout=20)
def head(method, path, length):
    bearer = os.environ["REPO_TOKEN"]
    return f"{method} {path} HTTP/1.1\\r\\nHost: {url.netloc}\\r\\nAuthorization: Bearer {bearer}\\r\\nContent-Length: {length}\\r\\n\\r\\n".encode()
`;

/** Bodies in chunks of a byte, on 48 connections, to where nobody reads them and to where they are read. */
const TINY_CHUNKS = `
body = b"1\\r\\nx\\r\\n" * 120000 + b"0\\r\\n\\r\\n"
wrong = []
def send(method, path, bearer):
    kept = f"Authorization: Bearer {bearer}\\r\\n" if bearer else ""
    request = f"{method} {path} HTTP/1.1\\r\\nHost: {url.netloc}\\r\\n{kept}Transfer-Encoding: chunked\\r\\n\\r\\n"
    status = b""
    try:
        with connect() as connection:
            connection.sendall(request.encode() + body)
            status = connection.recv(12)
    except OSError:
        pass
    if status and not status.startswith((b"HTTP/1.1 200", b"HTTP/1.1 4")):
        wrong.append(f"{method} {path[-20:]}: {status}")
own = os.environ["REPO_TOKEN"]
targets = [
    ("GET", f"{repo}/clone", own),
    ("POST", f"{repo}/update", None),
    ("POST", f"{repo}/update", own),
    ("POST", f"{url.path}/git-upload-pack", own),
]
threads = [threading.Thread(target=send, args=target) for target in targets * 12]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(f"sent={len(threads)}", flush=True)
for sentence in wrong: print(f"HOLE: {sentence}", flush=True)
`;

/** Bodies and readers that would keep the git host from everybody else. */
export const BODIES = [
  fromInside({
    name: 'JSON of every shape is refused while others clone, mint and revoke',
    area,
    must: 'Bodies of numbers, brackets, keys, escapes and wrong files hear 400 or 413 within seconds; the git host lives on.',
    alone: true,
    request: { timeoutSeconds: 90, resources: { memoryMb: 512 } },
    script: `weapon <<'PY'
${SEND}
def files(inner):
    return b'{"source":{"type":"files","files":[' + inner + b"]}}"
M = 1 << 20
shapes = {
    "numbers": files(b"1," * (10 * M) + b"1"),
    "a few numbers": files(b"1," * (M + M // 2) + b"1"),
    "brackets": b"[" * (10 * M),
    "keys": b"{" + b",".join(b'"k%d":1' % n for n in range(140000)) + b"}",
    "escapes": files(b'{"filename":"a","content":"' + b"\\\\u00zz" * M + b'"}'),
    "wrong files": files(b'{"filename":1},' * 49000 + b"1"),
    "no UTF-8": b'{"a":"' + b"\\xc3" * (10 * M),
}
wrong = []
def send(name, body):
    began = time.time()
    with connect() as connection:
        try:
            connection.sendall(head("POST", f"{repo}/update", len(body)) + body)
        except OSError:
            pass
        try:
            status = connection.recv(12).decode()
        except OSError as error:
            status = str(error)
    fine = ("HTTP/1.1 400", "HTTP/1.1 413", "HTTP/1.1 429") if name != "keys" else ("HTTP/1.1 200", "HTTP/1.1 429")
    if not status.startswith(fine):
        wrong.append(f"{name}: {status} after {time.time() - began:.1f} s")
threads = [threading.Thread(target=send, args=shape) for shape in list(shapes.items()) * 2]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(f"sent={len(threads)}", flush=True)
for sentence in wrong: print(f"HOLE: {sentence}", flush=True)
PY
      git ls-remote origin > /dev/null || hole "the host does not serve any more"`,
    holds: ({ log }) => (log.includes('sent=14') ? [] : ['they were not all sent']),
  }),
  fromInside({
    name: 'bodies in chunks of a byte are cut off while others clone, mint and revoke',
    area,
    must: 'Whether a call reads its body or not, has a credential or not: the connection ends, and the git host serves on.',
    alone: true,
    request: { timeoutSeconds: 90, resources: { memoryMb: 512 } },
    script: `weapon <<'PY'
${SEND}
${TINY_CHUNKS}
PY
      timeout 20 git ls-remote origin > /dev/null || hole "the host does not serve any more"`,
    holds: ({ log }) => (log.includes('sent=48') ? [] : ['they were not all sent']),
  }),
  fromInside({
    name: 'clones that are read a byte a second keep no place from others',
    area,
    must: 'Twenty clones of one sandbox that stand still leave their places, and others clone meanwhile.',
    request: { timeoutSeconds: 60 },
    script: `
      head -c 24000000 /dev/urandom > large && git add large && git commit -qm large && git push -q
      weapon <<'PY'
${SEND}
commit = subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip()
want = f"want {commit}\\n"
body = f"{len(want) + 4:04x}{want}00000009done\\n".encode()
kept = []
for _ in range(20):
    connection = connect()
    request = head("POST", f"{url.path}/git-upload-pack", len(body))
    connection.sendall(request.replace(b"\\r\\n\\r\\n", b"\\r\\nContent-Type: application/x-git-upload-pack-request\\r\\n\\r\\n") + body)
    kept.append(connection)
for _ in range(8):
    for connection in kept:
        try:
            connection.recv(1)
        except OSError:
            pass
    time.sleep(0.5)
print(f"slow={len(kept)}", flush=True)
PY
      timeout 20 git clone -q "$(git remote get-url origin)" /tmp/again || hole "it cannot be cloned any more"`,
    holds: ({ log }) => (log.includes('slow=20') ? [] : ['they were not slow']),
  }),
];
