import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { commandAs, type User } from '../../support/processes.ts';

/** One thing that a user may try: `connect` to a socket, `read` or `list` what is there, or `add` a file to a directory. */
export interface Attempt {
  name: string;
  how: 'connect' | 'read' | 'list' | 'add';
  path: string;
}

/** Runs without a module of ours, as whoever it runs as may not get at them. */
const PROGRAM = `
const { readFileSync, readdirSync, writeFileSync, rmSync } = require('node:fs');
const ways = {
  read: readFileSync,
  list: readdirSync,
  add: (path) => (writeFileSync(path + '/a-probe', ''), rmSync(path + '/a-probe')),
  connect: (path) => new Promise((resolve, reject) => {
    const socket = require('node:net').connect(path, () => resolve(socket.destroy())).on('error', reject);
  }),
};
(async () => {
  const said = {};
  for (const { name, how, path } of JSON.parse(process.argv[1])) {
    try { await ways[how](path); said[name] = 'done'; } catch (error) { said[name] = error.code; }
  }
  console.log(JSON.stringify(said));
})();`;

/** What came of each attempt of this user, who runs that Node: `done`, or the system's word for why not. */
export async function probe(node: string, user: User, attempts: Attempt[]): Promise<Record<string, string>> {
  const [file, args] = commandAs(user, [node, '-e', PROGRAM, JSON.stringify(attempts)]);
  const { stdout } = await promisify(execFile)(file, args);
  return JSON.parse(stdout) as Record<string, string>;
}
