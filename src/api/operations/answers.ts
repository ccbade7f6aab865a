import type { z } from 'zod';
import type { ZodOpenApiResponsesObject } from 'zod-openapi';

/** The documentation of an answer in JSON. */
export function jsonAnswer(status: number, description: string, schema: z.ZodType): ZodOpenApiResponsesObject {
  return { [`${status}`]: { description, content: { 'application/json': { schema } } } };
}
