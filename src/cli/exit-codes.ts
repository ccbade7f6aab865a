/** What `daypass` ends with. `run` ends with the command's own code, and beside it with those from 124 on. */
export const EXIT = {
  /** It did not work; `doctor`: something is wrong. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** What is named is not there. */
  notFound: 3,
  /** There is no API key, or it may not do this. */
  keyRefused: 4,
  /** The API refuses what is asked for. */
  refused: 5,
  /** The API does not answer, or cannot now. */
  unavailable: 6,
  /** As timeout(1). */
  timedOut: 124,
  /** As `docker run`: not the command but what was to run it. */
  notRun: 125,
  /** As shells. */
  commandNotExecutable: 126,
  commandNotFound: 127,
  hangUp: 129,
  interrupted: 130,
  brokenPipe: 141,
  terminated: 143,
} as const;

export const EXIT_CODES_HELP = `
Exit codes:
  0  done          3  not found        6  the API does not answer, or cannot now
  1  failed        4  key refused      130, 141, 143  interrupted, broken pipe, terminated
  2  wrong usage   5  request refused  "run" has its own: daypass run --help
`;

export const RUN_EXIT_CODES_HELP = `
A repo is ID[@REF][:PATH], then options behind commas: access=read, depth=N, push, push=PATTERN (delivery by the gateway).
  --repo 0b5c…@main:app,depth=1

Exit codes: the command's own, and
  2    also: standard input has more than 1 MiB, and nothing was started
  124  its time was over                  129, 130, 143  stopped: the terminal is gone, Ctrl-C, SIGTERM or somebody else
  125  Daypass could not run or follow it 141  nobody reads standard output any more; the session is stopped
  126, 127  the command cannot be run; the image has no such command

Ctrl-C stops the session and waits for its end; once more revokes its token at once and leaves.
`;
