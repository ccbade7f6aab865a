const CODES = new Set(['EACCES', 'EPERM', 'EROFS']);

/** Whether a file system call failed because this user may not write there. */
export function isRefusedToUser(error: unknown): boolean {
  return CODES.has((error as NodeJS.ErrnoException).code ?? '');
}
