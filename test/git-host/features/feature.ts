import type { FeatureRig } from './rig.ts';

/** One row of the table: something that git's documentation says of git over HTTP, and what this host makes of it. */
export interface Feature {
  name: string;
  /** Where git describes it: a page of its manual, or a setting of git-config(1). */
  source: string;
  /** `no`: it is not offered, and the client is told so or goes on without it. */
  offered: 'yes' | 'no';
  /** What a user has to know of it here, if anything. */
  note?: string;
  /** Looks at a real host with a real client. Fails where the row is wrong. */
  see(rig: FeatureRig): Promise<void>;
}
