/**
 * The laws that hold whatever was killed.
 *
 * - `tokens`: what lives at the provider is what the ledger says may live.
 * - `sessions`: each session is in exactly one state, and everything of one that has ended is taken back.
 * - `deadlines`: a session past its deadline and grace is final.
 * - `starts`: a command is started at most once.
 * - `remains`: an ended session has no container, directory, mount or socket.
 * - `logs`: no line of a log is lost or doubled.
 * - `secrets`: no token value is in a file or an answer.
 * - `jobs`: the queue holds jobs of sessions that live, and of every one that waits.
 * - `spool`: the minter's disk and the ledger agree.
 */
export type Law = 'tokens' | 'sessions' | 'deadlines' | 'starts' | 'remains' | 'logs' | 'secrets' | 'jobs' | 'spool';

export interface Violation {
  law: Law;
  /** With the ids that it is about; for people. */
  sentence: string;
}
