/** Runs one piece of work at a time; what is urgent goes before all that waits. */
export interface OneAtATime {
  run<T>(work: () => Promise<T>, options?: { urgent?: boolean }): Promise<T>;
}

export function oneAtATime(): OneAtATime {
  const waiting: { urgent: PromiseWithResolvers<void>[]; rest: PromiseWithResolvers<void>[] } = {
    urgent: [],
    rest: [],
  };
  let busy = false;
  const next = (): void => {
    const turn = waiting.urgent.shift() ?? waiting.rest.shift();
    if (turn === undefined) busy = false;
    else turn.resolve();
  };
  return {
    async run(work, { urgent = false } = {}) {
      if (busy) {
        const turn = Promise.withResolvers<void>();
        (urgent ? waiting.urgent : waiting.rest).push(turn);
        await turn.promise;
      }
      busy = true;
      try {
        return await work();
      } finally {
        next();
      }
    },
  };
}
