/** One server-sent event of a model's answer; the name is also the data's `type`, as both vendors have it. */
export type ModelEvent = { type: string } & Record<string, unknown>;

/** A request of an agent to its model, in whichever vendor's format. */
export type ModelRequest = Record<string, unknown>;

/**
 * A vendor's wire format, as far as a model needs it that asks for one shell command and then has the last word.
 * Pure: request in, events out.
 */
export interface WireFormat {
  /** What is said of a request to this path; null where it is another's. */
  readonly path: string;
  /** The name of the tool that runs shell commands among those that the agent offers; null when it offers none. */
  shellTool(request: ModelRequest): string | null;
  /** Whether the agent has answered with what the command printed. */
  hasResult(request: ModelRequest): boolean;
  callTool(tool: string, command: string): ModelEvent[];
  say(text: string): ModelEvent[];
}

/** Names of a list of tools, in the order in which the agent offers them. */
export function toolNames(request: ModelRequest): string[] {
  const tools = Array.isArray(request['tools']) ? (request['tools'] as { name?: unknown }[]) : [];
  return tools.flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
}
