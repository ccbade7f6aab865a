import { z } from 'zod';
import { pushPatternProblem } from '../../session/push-rules.ts';

/** What one session may do by git; no credential is in it. */
export const gitPolicy = z.strictObject({
  /** The token to use; another one than before makes the gateway ask for it. */
  tokenId: z.string(),
  repos: z.array(
    z.strictObject({
      id: z.string(),
      access: z.enum(['read', 'write']),
      /** null: any push. */
      push: z
        .strictObject({
          branches: z.array(z.string().refine((text) => pushPatternProblem(text) === null)).min(1),
          force: z.boolean(),
          delete: z.boolean(),
        })
        .nullable(),
    }),
  ),
});

export type GitPolicy = z.infer<typeof gitPolicy>;
export type GitRepoRights = GitPolicy['repos'][number];
