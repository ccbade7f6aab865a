import { SettingsError, type Environment } from '../../../src/settings.ts';

/** The settings that a loader asks for. */
export function namesReadBy(load: (env: Environment) => unknown): string[] {
  const names = new Set<string>();
  const env = new Proxy<Environment>(
    {},
    {
      get(_target, name) {
        names.add(String(name));
      },
    },
  );
  try {
    load(env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
  }
  return [...names];
}
