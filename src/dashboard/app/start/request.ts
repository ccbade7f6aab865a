import { formText, formTexts } from '../ui/form-text.ts';
import { pairsOf, wordsOf } from './lines.ts';

/** The form as POST /v1/sessions takes it; what is left empty is left out, so that the API's defaults hold. */
export function requestOf(form: FormData): Record<string, unknown> {
  const text = (name: string) => formText(form, name).trim();
  const number = (name: string) => (text(name) === '' ? undefined : Number(text(name)));
  const all = (name: string) => formTexts(form, name).map((value) => value.trim());

  const [refs, paths, accesses, depths] = ['ref', 'path', 'access', 'depth'].map((name) => all(`repo.${name}`));
  const repos = all('repo.id').map((id, index) =>
    filled({
      id,
      ref: refs?.[index],
      path: paths?.[index],
      access: accesses?.[index],
      depth: depths?.[index] ? Number(depths[index]) : undefined,
    }),
  );
  const secretValues = formTexts(form, 'secret.value');
  const secrets = all('secret.name').map((name, index) => [name, secretValues[index] ?? ''] as const);
  const resources = Object.fromEntries(
    ['cpus', 'memoryMb', 'pids', 'diskMb'].map((name) => [name, number(`resources.${name}`)]),
  );
  return filled({
    repos,
    command: commandOf(text('command.kind'), formText(form, 'command')),
    image: text('image'),
    env: pairsOf(formText(form, 'env')),
    secrets: Object.fromEntries(secrets.filter(([name, value]) => name !== '' || value !== '')),
    timeoutSeconds: number('timeoutSeconds'),
    maxTimeoutSeconds: number('maxTimeoutSeconds'),
    resources: filled(resources),
    network: filled({ allow: wordsOf(text('network.allow')) }),
    credentials: { delivery: text('delivery') },
    metadata: pairsOf(formText(form, 'metadata')),
  });
}

function commandOf(kind: string, text: string): string[] | undefined {
  if (kind === 'none') return undefined;
  const lines = text.replaceAll('\r\n', '\n').trim();
  return kind === 'script' ? ['bash', '-c', lines] : lines.split('\n');
}

/** Without what is empty. */
function filled(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === '') return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
