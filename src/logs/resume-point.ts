/** Where whoever processes a session's raw output goes on: it is committed together with the records before it. */
export interface ResumePoint {
  /** Whose raw reports: the sandbox's id. A session may have several, of which the first ones never ran its command. */
  source: string;
  /** Offset in the raw reports, in bytes: all before it is done with. */
  at: number;
  /** Number of the last record; 0 when there is none yet. */
  lastId: number;
  /** What else the processing must remember, as JSON. */
  state: unknown;
  /** Lines that have begun, by name. They mostly grow, and then only what is new of them is written. */
  tails: Record<string, string>;
}
