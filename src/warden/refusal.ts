/** A call that the warden does not pass on. The message is for whoever reads the worker's log or the session's failure. */
export class WardenRefusal extends Error {
  override readonly name = 'WardenRefusal';
  /** HTTP status. */
  readonly status: number;
  /** A failure code of the session, where it is to have another one than the status says. */
  readonly code: string | null;

  constructor(status: number, message: string, code: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** As the engine says it of a container that does not exist: whose it is otherwise is nobody's business. */
export function noSuchContainer(name: string): WardenRefusal {
  return new WardenRefusal(404, `No such container: ${name}`);
}
