/**
 * How a worker and the init of a sandbox talk over the container's standard streams. Init's side is
 * `docker/sandbox/init/`; change both together.
 *
 * Orders (worker → init, standard input). Each is `u8 type, u32 length (big endian), payload`; payloads are
 * NUL-terminated strings one after another.
 *
 * | type | payload | meaning |
 * | --- | --- | --- |
 * | `E` | `KEY=VALUE`… | add to the environment of every later step and of the agent |
 * | `F` | `listen-address`, `listen-port`, `target-host`, `target-port` | listen in the sandbox; carry each connection to the target through the gateway. An empty target passes bytes as they are, for clients that speak CONNECT themselves |
 * | `S` | `name`, `cwd`, `argv`… | run a step as the agent's user; one at a time, in order |
 * | `A` | `cwd`, `argv`… | start the agent's command; a second `A` is ignored. No argv: an interactive session, init waits for a signal |
 * | `W` | `seconds`, `grace seconds` | the watchdog: when nobody has ended or extended the session by then, SIGTERM, and after the grace everything is killed. A later `W` replaces it |
 * | `Q` | | nothing more will come; without an agent, init exits 0 |
 *
 * Reports (init → worker, standard output). Each is `u8 type, 3 zero bytes, u32 length, u64 time in ms since 1970 (big
 * endian), payload`. The agent only ever holds pipes to init, so it cannot forge one.
 *
 * | type | payload |
 * | --- | --- |
 * | `o` `e` | bytes of the agent's standard output, standard error |
 * | `p` `q` | bytes of a step's standard output, standard error |
 * | `R` | `version`: init is up and takes orders |
 * | `L` | `listen-address`, `listen-port`, `ok` or the reason why it could not listen |
 * | `B` | `name`: a step began |
 * | `X` | `name`, `exit code` (128 + signal where killed; 127 not found, 126 not executable) |
 * | `G` | the agent's command was started |
 * | `N` | `127` or `126`, `reason`: the agent's command could not be started |
 * | `Z` | `exit code`, `signal` or empty: the agent ended, all of its output is before this report |
 *
 * Once the agent has ended, init kills whatever it left running, drains the pipes, reports `Z` and exits with its code.
 */
export const INIT_PROTOCOL_VERSION = '2';

/** A report's payload is at most this long; init cuts longer output into several. */
export const MAX_REPORT_BYTES = 64 * 1024;
