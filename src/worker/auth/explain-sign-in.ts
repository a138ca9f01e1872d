// Looks at a sign-in code, and says in words what is wrong with it.
import type { Logger } from "../telemetry/logger.ts";
import type { SignIns } from "./audited-sign-in.ts";

export type SignInOptions = { signIns: SignIns; logger: Logger };

/** Null when it is the right one. */
export async function explainSignIn(
  { signIns, logger }: SignInOptions,
  code: string,
  clientId: string,
): Promise<string | null> {
  if (code.trim() === "") return "Enter the sign-in code that Berth printed when it started.";
  const verdict = await signIns.judge(code, clientId);
  if (verdict === "signed_in") return null;
  logger.log("warn", "sign_in_refused", { verdict });
  if (verdict === "locked") return "Too many wrong codes. Wait 15 minutes and try again.";
  return "That is not the sign-in code. Look it up where Berth was started, and try again.";
}
