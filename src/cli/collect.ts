/** Of an option that may be given again. Without a default, which the help would show as `[]`. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value];
