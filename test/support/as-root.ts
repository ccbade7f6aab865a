/**
 * For `it.runIf(isRoot)`: tests of what only root can do, or see, such as disks on loop devices, roles and files of other
 * users, and what is kept from the sandboxes' uid. They are counted as skipped where another user runs the suite.
 */
export const isRoot = process.getuid?.() === 0;
