import { maskedForms, NO_FORMS, resumeRedactor, type MaskedForms, type Redactor } from './redactor.ts';
import type { Secret } from './secret.ts';

/**
 * The step by which text from outside becomes text that is kept or told: what a program, another host or the request says
 * goes in, and comes out with the secrets masked. It is for such texts alone: a secret may be any word, also one of our
 * own, so no key, state, type, code or id goes through it, and no record as a whole.
 */
export type Mask = (outside: string) => string;

/** The values that this process holds at the moment, by the sessions whose they are. */
export interface Masks {
  /** From here on these are the session's values. To be called before anything that knows them can speak. */
  hold(sessionId: string, secrets: Secret[]): void;
  /** All that is to be masked in the session, made ready once for this and for its log. */
  formsOf(sessionId: string): MaskedForms;
  /** They are of no use here any more. Safe to repeat. */
  release(sessionId: string): void;
  /** Masks the session's own values: those that are held when it is called, not when it was made. */
  of(sessionId: string): Mask;
  /** Masks the values of all sessions: for what belongs to none. */
  all: Mask;
}

export function createMasks(): Masks {
  const held = new Map<string, { forms: MaskedForms; redactor: Redactor }>();
  return {
    hold(sessionId, secrets) {
      const forms = maskedForms(secrets);
      held.set(sessionId, { forms, redactor: resumeRedactor(forms, null).redactor });
    },
    formsOf: (sessionId) => held.get(sessionId)?.forms ?? NO_FORMS,
    release: (sessionId) => void held.delete(sessionId),
    of: (sessionId) => (outside) => {
      const known = held.get(sessionId);
      return known === undefined ? outside : maskText(known.redactor, outside);
    },
    all(outside) {
      let masked = outside;
      for (const { redactor } of held.values()) masked = maskText(redactor, masked);
      return masked;
    },
  };
}

function maskText(redactor: Redactor, text: string): string {
  return Buffer.concat([redactor.push(Buffer.from(text)), redactor.flush()]).toString();
}
