/** Does the work for every item, `size` of them side by side. Rejects with the first failure. */
export async function inBatches<T>(items: Iterable<T>, size: number, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const drain = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: size }, drain));
}
