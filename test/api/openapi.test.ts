import { afterAll, beforeAll, expect, test } from 'vitest';
import { routes } from '../../src/api/routes.ts';
import { startApiRig, type ApiRig } from '../support/api-rig.ts';

let rig: ApiRig;

beforeAll(async () => {
  rig = await startApiRig();
});
afterAll(async () => {
  await rig?.close();
});

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
}

async function read(): Promise<Document> {
  return (await rig.call('GET', '/openapi.json')).body as Document;
}

test('the document has every route of the table and no other, each with its own name', async () => {
  const { openapi, paths } = await read();
  const documented = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method} ${path}`),
  );
  expect(openapi).toBe('3.1.0');
  expect(documented.toSorted()).toEqual(
    routes()
      .map(({ method, path }) => `${method} ${path}`)
      .toSorted(),
  );
  const names = Object.values(paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId));
  expect(new Set(names).size).toBe(names.length);
});

test('every reference in the document leads somewhere', async () => {
  const document = await read();
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path);
  expect(references.length).toBeGreaterThan(10);
  for (const path of references) {
    const target = path.split('/').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], document);
    expect({ path, type: typeof target }).toEqual({ path, type: 'object' });
  }
});

test('answers may have more fields in a later version, and requests may not', async () => {
  const document = JSON.parse(JSON.stringify(await read())) as {
    paths: Record<string, Record<string, { requestBody?: unknown; responses: unknown }>>;
    components: { schemas: Record<string, { additionalProperties?: unknown }> };
  };
  const { schemas } = document.components;
  for (const name of [
    'Session',
    'SessionToken',
    'Token',
    'Event',
    'ApiKey',
    'AuditRecord',
    'Worker',
    'Stats',
    'Receipt',
  ])
    expect({ name, open: schemas[name]?.additionalProperties }).toEqual({ name, open: undefined });
  for (const name of ['StartSession', 'RepoRequest', 'NewApiKey', 'StopSession'])
    expect({ name, open: schemas[name]?.additionalProperties }).toEqual({ name, open: false });
  const answers = Object.values(document.paths).flatMap((item) =>
    Object.values(item).map(({ responses }) => responses),
  );
  expect(JSON.stringify(answers)).not.toContain('"additionalProperties":false');
});

test('every operation says what a refusal looks like, and the page lists every operation', async () => {
  const { paths } = await read();
  for (const operation of Object.values(paths).flatMap((item) => Object.values(item))) {
    expect(Object.keys(operation.responses)).toContain('default');
  }
  const { body, headers } = await rig.call('GET', '/docs');
  expect(headers.get('content-type')).toContain('text/html');
  for (const path of Object.keys(paths)) expect(body).toContain(path);
});
