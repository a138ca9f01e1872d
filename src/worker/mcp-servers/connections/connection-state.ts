// What is kept of a person's sign-in at an MCP server, sealed: the client that we are there, the tokens, where they come from.
import { z } from "zod";

const text = z.string().max(16_384);

/** The library's own data: kept as it is, checked for what is read of it here. */
const clientSchema = z.looseObject({ client_id: text });
const tokensSchema = z.looseObject({
  access_token: text,
  refresh_token: text.optional(),
  expires_in: z.coerce.number().optional(),
});
const discoverySchema = z.looseObject({
  authorizationServerUrl: text,
  authorizationServerMetadata: z.looseObject({}).optional(),
  resourceMetadata: z.looseObject({ resource: text }).optional(),
});

export const connectionStateSchema = z.object({
  client: clientSchema,
  tokens: tokensSchema,
  discovery: discoverySchema,
  /** Null when the server did not say. */
  expires_at_ms: z.number().nullable(),
});
export type ConnectionState = z.infer<typeof connectionStateSchema>;

export const signInStateSchema = z.object({
  verifier: text,
  client: clientSchema,
  discovery: discoverySchema,
});
export type SignInState = z.infer<typeof signInStateSchema>;

export function parseSealed<T>(schema: z.ZodType<T>, opened: string | null): T | null {
  if (opened === null) return null;
  try {
    return schema.parse(JSON.parse(opened));
  } catch {
    return null;
  }
}
