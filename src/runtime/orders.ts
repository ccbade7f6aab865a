/** Encodes what a worker tells init; the shapes are in `init-protocol.ts`. */
export const order = {
  env: (variables: Record<string, string>) => encode('E', entries(variables)),
  /** The agent's alone: no step of ours sees them. */
  agentEnv: (variables: Record<string, string>) => encode('U', entries(variables)),
  /** The agent's standard input from this offset on. */
  stdin: (offset: number, bytes: Uint8Array) => frame('I', [Buffer.from(`${offset}\0`), bytes]),
  forward: (listen: { address: string; port: number }, target: { host: string; port: number } | null) =>
    encode('F', [listen.address, String(listen.port), target?.host ?? '', target === null ? '' : String(target.port)]),
  names: (listen: { address: string; port: number }, ports: readonly number[]) =>
    encode('N', [listen.address, ...[listen.port, ...ports].map(String)]),
  step: (name: string, cwd: string, argv: string[]) => encode('S', [name, cwd, ...argv]),
  agent: (cwd: string, argv: string[]) => encode('A', [cwd, ...argv]),
  watchdog: (seconds: number, graceSeconds: number) => encode('W', [String(seconds), String(graceSeconds)]),
  /** Every report before this position of the file is stored for good. */
  stored: (position: number) => encode('K', [String(position)]),
  stop: (how: 'TERM' | 'KILL') => encode('T', [how]),
  quit: () => encode('Q', []),
};

function entries(variables: Record<string, string>): string[] {
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}

function encode(type: string, strings: string[]): Buffer {
  const bad = strings.find((text) => text.includes('\0'));
  if (bad !== undefined) throw new Error('An order to init cannot hold a NUL character');
  return frame(type, [Buffer.from(strings.map((text) => `${text}\0`).join(''))]);
}

function frame(type: string, payload: Uint8Array[]): Buffer {
  const header = Buffer.alloc(5);
  header.write(type, 0, 'latin1');
  header.writeUInt32BE(
    payload.reduce((sum, { length }) => sum + length, 0),
    1,
  );
  return Buffer.concat([header, ...payload]);
}
