import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiOverride,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import { z } from 'zod';
import type { Operation } from './operation.ts';
import { problemSchema } from './schemas/problem.ts';

const pathParams = z.object({ id: z.string() });

export type OpenApiDocument = ReturnType<typeof createDocument>;

/** The OpenAPI document of these operations. */
export function describeApi(operations: Operation[]): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: toOpenApi(operation) };
  }
  const document = {
    openapi: '3.1.0' as const,
    info: {
      title: 'Daypass',
      version: '1',
      description:
        'Sandboxed sessions for coding agents, each with a token for exactly its repos. Answers may have more fields, and ' +
        'their enums more values, in a later version: clients pass over what they do not know. Unknown fields of a request ' +
        'are refused.',
    },
    paths,
    components: { securitySchemes: { apiKey: { type: 'http' as const, scheme: 'bearer' } } },
    security: [{ apiKey: [] }],
  };
  return createDocument(document, { override: openAnswers });
}

/** Later versions may add fields to what they answer, and to nothing that they take. */
function openAnswers({ io, zodSchema, jsonSchema }: Parameters<ZodOpenApiOverride>[0]): void {
  if (io === 'output' && zodSchema instanceof z.ZodObject) delete jsonSchema.additionalProperties;
}

function toOpenApi(operation: Operation): ZodOpenApiOperationObject {
  const { summary, description, query, headers, body, responses, scope } = operation;
  const required = body !== null && !body.safeParse({}).success;
  return {
    operationId: `${operation.method}${operation.path.replaceAll(/[^a-z0-9]+/gi, '_')}`,
    summary,
    ...(description !== undefined && { description }),
    requestParams: { query, header: headers, ...(operation.path.includes('{id}') && { path: pathParams }) },
    ...(body !== null && { requestBody: { required, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...responses,
      default: {
        description: 'Refused, or failed.',
        content: { 'application/problem+json': { schema: problemSchema } },
      },
    },
    'x-daypass-scope': scope,
    ...(scope === null && { security: [] }),
  };
}
