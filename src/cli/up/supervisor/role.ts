/** A program that the supervisor keeps running. */
export interface Role {
  name: string;
  program: string;
  args: string[];
  /** All of its environment. */
  env: Record<string, string>;
  cwd: string;
  /** What the line looks like with which it says that it is ready. */
  readyLine: RegExp;
  /** How long it may take to end after SIGTERM. */
  endTimeoutMs: number;
}

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export function exitText({ code, signal }: Exit): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}
