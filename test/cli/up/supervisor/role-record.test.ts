import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startRoleProcess } from '../../../../src/cli/up/supervisor/role-process.ts';
import { endForsakenRoles, openRoleRecord } from '../../../../src/cli/up/supervisor/role-record.ts';
import { fakeRole, isRunning, STAYS } from '../../support/fake-role.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('the next start ends the roles that a killed one has left, and only those', async () => {
  await using dir = await temporaryDirectory();
  const [left, ended] = [
    await startRoleProcess(fakeRole('a', STAYS), () => undefined),
    await startRoleProcess(fakeRole('b', STAYS), () => undefined),
  ];
  const record = openRoleRecord(dir.path);
  record.add('a', left.pid);
  record.add('b', ended.pid);
  await ended.end();
  expect(await endForsakenRoles(dir.path)).toEqual(['a']);
  expect(isRunning(left.pid)).toBe(false);
  expect(await readdir(dir.path)).toEqual([]);
  expect(await endForsakenRoles(dir.path)).toEqual([]);
});
