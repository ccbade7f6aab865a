/** Why a command cannot go on, for the person who gave it: what is wrong, and what to do. Shown without a stack. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
}
