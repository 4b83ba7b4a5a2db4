/** The API: of which kind, who may call it, how often, and from which web pages. */
import * as z from 'zod';

const origin = z
  .string()
  .regex(/^https:\/\/[a-z0-9.-]+(?::\d+)?$/, 'must look like https://app.example.com; "*" would let every page in');

export const Api = z.strictObject({
  /** Of API Gateway's two: `http` costs less and takes tokens, `rest` can stand behind a firewall. */
  kind: z.enum(['http', 'rest']).default('http'),
  requestsPerSecond: z.int().min(1).max(10_000),
  burst: z.int().min(1).max(5_000),
  /** Absent = signed requests (IAM) only. */
  jwt: z
    .strictObject({
      issuer: z.url({ protocol: /^https$/ }),
      audience: z.array(z.string().min(1)).min(1),
      scopes: z.array(z.string().min(1)).default([]),
    })
    .optional(),
  /** Absent = no web page may call it. */
  cors: z.strictObject({ origins: z.array(origin).min(1) }).optional(),
  /** A web application firewall. Absent = none. */
  waf: z
    .strictObject({
      /** Requests of one address in five minutes, after which it is refused for a while. */
      requestsPerAddress: z.int().min(10).max(2_000_000_000).default(2000),
    })
    .optional(),
});

export type Api = z.infer<typeof Api>;
