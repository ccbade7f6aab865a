/**
 * - `handed_over`: this process ends, and another one goes on with the session.
 * - `superseded`: another one already does.
 * - `cut_off`: this process has lost its hold of sandbox or log, or could not get it, although nobody else has the
 *   session: the reconciler takes it again.
 */
export type LeaveReason = 'handed_over' | 'superseded' | 'cut_off';

/** A worker lets go of a session without ending it: nothing of it may be touched from here on. */
export class Leave extends Error {
  override readonly name = 'Leave';
  readonly reason: LeaveReason;

  constructor(reason: LeaveReason, options: { cause?: unknown } = {}) {
    super(`the session is ${reason.replace('_', ' ')}`, options);
    this.reason = reason;
  }
}
