/** The agent's user and group in every sandbox, whatever the image says. */
export const AGENT_ID = 1000;
