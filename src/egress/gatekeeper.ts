import { decide, notAllowed, ruleOn, type Names, type Rules, type Ruling } from './decide.ts';
import type { NetworkDecision } from './decisions/decision.ts';
import type { Direction, Traffic } from './limits/traffic.ts';
import type { Proxy, Refused, Way } from './proxy.ts';
import { shownHost, type Target } from './target.ts';

export interface Gatekeeper extends Pick<Proxy, 'admit' | 'refuse'> {
  /** Writes down a decision of somebody else. */
  record: (target: Target, verdict: NetworkDecision['verdict'], reason: string | null) => Promise<void>;
  /** Decides by these from now on, and cuts every open way that they do not allow. */
  setRules(rules: Rules): void;
  /** Cuts every open way, and says why. */
  cutAll(reason: string): void;
}

interface GatekeeperOptions {
  rules: Rules;
  names: Names;
  traffic: Traffic;
  write: (decision: NetworkDecision) => Promise<void>;
}

/** Decides for one sandbox which ways are opened, and knows those that are. */
export function createGatekeeper({ names, traffic, write, ...options }: GatekeeperOptions): Gatekeeper {
  let { rules } = options;
  const open = new Map<Way, (reason: string) => void>();

  const record = (target: Target | null, verdict: NetworkDecision['verdict'], reason: string | null): Promise<void> => {
    const where = target === null ? { host: null, port: null } : { host: shownHost(target.host), port: target.port };
    return write({ atMs: Date.now(), ...where, verdict, reason });
  };

  const openWay = (target: Target, addresses: string[], { isRepoHost, raw }: Ruling, end: () => void): Way => {
    let isCut = false;
    const cut = (reason: string): void => {
      if (isCut || !open.delete(way)) return;
      isCut = true;
      end();
      void record(target, 'cut', reason);
    };
    const meter = (direction: Direction) => (bytes: number) => {
      if (isCut) return null;
      const waitMs = traffic.pass(direction, bytes, { isRepoHost }, performance.now());
      const problem = isRepoHost ? null : traffic.problem;
      if (problem === null) return waitMs;
      cut(problem);
      return null;
    };
    const way: Way = {
      target,
      addresses,
      raw,
      get isCut() {
        return isCut;
      },
      meters: { sent: meter('sent'), received: meter('received') },
      record: (verdict, reason) => record(target, verdict, reason ?? null),
      close: () => void open.delete(way),
    };
    open.set(way, cut);
    return way;
  };

  return {
    record,
    refuse: (target, reason) => record(target, 'refused', reason),
    async admit(target, end) {
      const refused = async (status: 403 | 429, reason: string): Promise<Refused> => {
        await record(target, 'refused', reason);
        return { status, reason };
      };
      const full = traffic.problem;
      if (full !== null && ruleOn(target, rules)?.isRepoHost === false) return refused(429, full);
      const decision = await decide(target, rules, names);
      if (!decision.allowed) return refused(403, decision.reason);
      // While the name was looked up the rules may have changed; from here to the opened way nothing comes between.
      const ruling = ruleOn(target, rules);
      if (ruling === null) return refused(403, notAllowed(target));
      return { way: openWay(target, decision.addresses, ruling, end) };
    },
    setRules(wanted) {
      rules = wanted;
      for (const [{ target, raw }, cut] of open) {
        const ruling = ruleOn(target, rules);
        if (ruling === null || (raw && !ruling.raw)) cut(`${notAllowed(target)} any more`);
      }
    },
    cutAll(reason) {
      for (const cut of open.values()) cut(reason);
    },
  };
}
