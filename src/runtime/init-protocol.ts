/**
 * How a worker and the init of a sandbox talk: over a directory of the host that both see, the sandbox at
 * `/run/daypass-init`. Init's side is `docker/sandbox/init/`; change both together.
 *
 * | in the directory | made by | what it is |
 * | --- | --- | --- |
 * | `reports` | init, when it starts | what init reports, appended. It can be made only once: where it is already, or init may not make it, init exits 70 and does nothing |
 * | `orders.sock` | init, before its first report | the Unix stream socket that workers connect to |
 *
 * The directory is another user's than the agent's. It is open to the agent's user until the report `R`, and to nobody
 * but its owner from then on, before the first order: init opens no path in it again and hands none of its descriptors
 * on, so that the agent can neither read nor forge a report, give an order, or make room for a second start.
 *
 * **Reports** (init → worker, in the file). Each is `u8 type, 3 zero bytes, u32 length, u64 time in ms since 1970 (big
 * endian), payload`; where it says so, payloads are NUL-terminated strings one after another. The file only grows, so a
 * position in it never changes its meaning, and it outlives init, the engine and the worker. What `K` says is stored is
 * taken out of it: it reads as zeros.
 *
 * | type | payload |
 * | --- | --- |
 * | `o` `e` | bytes of the agent's standard output, standard error |
 * | `p` `q` | bytes of a step's standard output, standard error |
 * | `R` | `version`: init is up, its socket takes connections |
 * | `L` | `listen-address`, `listen-port`, `ok` or the reason why it could not listen |
 * | `B` | `name`: a step began |
 * | `X` | `name`, `exit code` (128 + signal where killed; 127 not found, 126 not executable) |
 * | `g` | `argv[0]` (its first 1023 bytes): the agent's command is about to be started. It is in the file before a process for it exists, so a sandbox without it has never run its command |
 * | `G` | the agent's command was started; comes after `g` |
 * | `N` | `127` or `126`, `reason`: the agent's command could not be started; comes after `g` |
 * | `H` | `memory`, `pids` or `disk`; for a disk where it is mounted and `bytes` or `inodes`, else two empty strings; `count`: the kernel has killed a process for want of memory, refused to start one, or a disk is full, so many times by now. At once for the first time, then ever more rarely while it goes on, and before `Z` what was not told yet |
 * | `Z` | `exit code`, `signal` or empty, `outside` or empty: the agent ended, all of its output is before this report. `outside`: a signal from outside of the sandbox had asked it to, such as an engine's that ends, and no order. A fourth string only where the agent ended by itself with 137: `memory` when the kernel had just killed something for want of it, `unknown` when it does not say what it kills |
 * | `D` | `text`: init found an order malformed or itself broken, and exits 70 with everything in the sandbox |
 *
 * Steps begin with a PATH and `LANG=C.UTF-8` and find besides only what `E` says; the agent begins with those two, what the
 * image sets (its PATH too) but for the names that a request may not set, and then what `E` and `U` say, in their order.
 * No file that either writes may be longer than the file system at `/workspace`.
 *
 * Of the two streams of a step or of the agent the one that had something first is read first, then the other, at most a
 * report's worth at a time. What is written before init has come to read what was written before it, on the same stream, is
 * one with that: nobody can tell any more what was written to the other in between.
 *
 * While {@link MAX_UNSTORED_BYTES} or more of the file are not stored, init reads no more output: steps and agent wait,
 * nothing is lost. The bound is not for the other reports, nor for what the pipes still hold when a step or the agent has
 * ended. A file that takes no more bytes (its file system is full) is tried again every half second; until then output
 * waits, and orders other than `K`, `T` and `W` do.
 *
 * **Orders** (worker → init, over a connection). Each is `u8 type, u32 length (big endian), payload` of at most 1 MiB;
 * payloads are NUL-terminated strings one after another, but for `I`'s. They are carried out in order, and while a step runs the others
 * wait, except `K`, `T` and `W`, which are carried out as soon as they are read. When 4 MiB wait, init reads no more
 * before the next one's turn, so that even those wait.
 *
 * | type | payload | meaning |
 * | --- | --- | --- |
 * | `E` | `KEY=VALUE`… | add to the environment of every later step and of the agent; means nothing after the agent's start, when init wipes both |
 * | `U` | `KEY=VALUE`… | as `E`, for the agent alone |
 * | `I` | `offset` (decimal), then the bytes as they are | these bytes stand at this offset of the agent's standard input, which has at most 1 MiB. The same again changes nothing, and nothing does after the agent's start. Without this order the agent reads `/dev/null`; steps always do |
 * | `F` | `listen-address`, `listen-port`, `target-host`, `target-port` | listen in the sandbox; carry each connection to the target through the gateway. An empty target passes bytes as they are, for clients that speak CONNECT themselves. With the address, port and target of a listener that there is: only reports `L`. Port 0 is a new one each time. A target that is a name keeps the listen address in DNS, see `N` |
 * | `N` | `listen-address`, `listen-port`, `port`… | answer DNS there, over UDP and TCP: every host name has a loopback address of its own, on which connections to these ports are taken and carried to the name and port through the gateway. Reports `L`. From the second on it changes the ports alone; connections go on |
 * | `S` | `name`, `cwd`, `argv`… | run a step as the agent's user; one at a time, in order. After the agent's start it fails with 126 |
 * | `A` | `cwd`, `argv`… | start the agent's command; a second `A` is ignored. No argv: an interactive session, without `g` and `G`; init waits for a stop |
 * | `W` | `seconds`, `grace seconds` | the watchdog: when nobody has ended or extended the session by then, `T` with TERM, and after the grace everything is killed. A later `W` replaces it |
 * | `K` | `position` (decimal) | everything in the file before it is stored for good: the memory is given back. A lower position than an earlier one changes nothing; one beyond the file's end is malformed |
 * | `T` | `TERM` or `KILL` | TERM: as SIGTERM to init, which passes it to the agent's process group, or ends a session without an agent with 143; a second TERM does nothing, as it would end what the agent does about the first. KILL: everything is killed; what was written by then is reported, the agent's end as `137`, `SIGKILL`, and init exits 137 |
 * | `Q` | | nothing more will be started; without an agent, init exits 0 |
 *
 * **Connections.** Init has one worker at a time, the one that connected last. Accepting it, init closes the connection
 * of the one before, forgets the orders of that one that it has not carried out, and kills a step that still runs (its
 * `X` follows). Then it sends 8 bytes, the hello: a u64 (big endian), the length of the file. What is reported from this
 * position on happens under the new connection, and no order of an earlier one is carried out any more. The hello waits
 * for a file that takes no more bytes; `K`, `T` and `W` do not wait for the hello.
 *
 * After the hello, init sends a byte of no meaning whenever it has appended to the file: a hint to read on. A worker that
 * does not read them misses nothing. When the worker closes its connection, or its sending half, init drops it: half an
 * order is forgotten, complete ones are carried out, and the sandbox goes on without a worker. So for a worker the end of
 * its connection means that init is gone, or that another worker has taken over.
 *
 * Once the agent has ended, init kills whatever it left running, drains the pipes, reports `Z` and exits with its code,
 * as soon as everything is in the file; or after 5 s in which the file took nothing.
 */
export const INIT_PROTOCOL_VERSION = '5';

/**
 * Orders that came later than the first version whose sandboxes may still run when a newer worker takes them over, each
 * with the version it came in. An init takes an order that it does not know for a malformed one, and ends.
 */
const LATER_ORDERS = { U: 4, N: 4, I: 5 };

/** Whether the init of a sandbox knows an order. `protocol`: what its `R` said; null where nobody knows that any more. */
export function knowsOrder(protocol: string | null, type: keyof typeof LATER_ORDERS): boolean {
  return protocol !== null && Number(protocol) >= LATER_ORDERS[type];
}

/** Where a sandbox sees the directory; init's default. */
export const INIT_DIRECTORY = '/run/daypass-init';

/** The two files' names in the directory. */
export const REPORTS_FILE = 'reports';
export const ORDERS_SOCKET = 'orders.sock';

/** Bytes of the number that a worker gets when it connects. */
export const HELLO_BYTES = 8;

/** A report's payload is at most this long; init cuts longer output into several. */
export const MAX_REPORT_BYTES = 64 * 1024;

/** So much of the file may wait to be stored before init lets the agent wait. */
export const MAX_UNSTORED_BYTES = 8 * 1024 * 1024;
