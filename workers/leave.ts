/**
 * - `handed_over`: this process ends, and another one goes on with the session.
 * - `superseded`: another one already does.
 */
export type LeaveReason = 'handed_over' | 'superseded';

/** A worker lets go of a session without ending it: nothing of it may be touched from here on. */
export class Leave extends Error {
  override readonly name = 'Leave';
  readonly reason: LeaveReason;

  constructor(reason: LeaveReason) {
    super(`the session is ${reason.replace('_', ' ')}`);
    this.reason = reason;
  }
}
