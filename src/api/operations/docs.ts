import { z } from 'zod';
import { docsPage } from '../docs-page.ts';
import { describeApi } from '../openapi.ts';
import { defineOperation, type Operation } from '../operation.ts';
import { jsonAnswer } from './answers.ts';

/** The two calls that describe all calls, themselves included. */
export function docsOf(described: Operation[]): Operation[] {
  const operations: Operation[] = [
    ...described,
    defineOperation({
      method: 'get',
      path: '/openapi.json',
      scope: 'read',
      summary: 'This API as an OpenAPI document',
      responses: jsonAnswer(200, 'OpenAPI 3.1.', z.record(z.string(), z.unknown())),
      handle: async () => ({ status: 200, json: document }),
    }),
    defineOperation({
      method: 'get',
      path: '/docs',
      scope: 'read',
      summary: 'This API as a page',
      responses: { '200': { description: 'HTML.', content: { 'text/html': { schema: z.string() } } } },
      handle: async () => ({ status: 200, type: 'text/html', text: page }),
    }),
  ];
  const document = describeApi(operations);
  const page = docsPage(operations);
  return operations;
}
