// The local sign-in: one code, few guesses. Without the code nobody signs in, whatever a request says about where it comes from.

/** Guesses per window; the codes that `npm start` makes are far too long to be found with these. */
export const MAX_GUESSES = 10;
export const GUESS_WINDOW_MS = 15 * 60_000;

export type SignInVerdict = "signed_in" | "wrong_code" | "locked";

export type GuessCounter = {
  /** Counts one more guess in the current window, before it is looked at, and gives the count. */
  countGuess(nowMs: number, windowMs: number): Promise<number>;
  forgetGuesses(): Promise<void>;
};

export async function judgeSignIn(
  guess: string,
  options: { code: string; counter: GuessCounter; nowMs: number; subtle: Digest },
): Promise<SignInVerdict> {
  const guesses = await options.counter.countGuess(options.nowMs, GUESS_WINDOW_MS);
  if (guesses > MAX_GUESSES) return "locked";
  if (!(await isSameText(guess.trim(), options.code, options.subtle))) return "wrong_code";
  await options.counter.forgetGuesses();
  return "signed_in";
}

export type Digest = { digest(algorithm: "SHA-256", data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> };

/** Compares digests in full, so that the time taken says nothing about where texts differ or how long they are. */
export async function isSameText(left: string, right: string, subtle: Digest): Promise<boolean> {
  const [leftHash, rightHash] = await Promise.all([digest(left, subtle), digest(right, subtle)]);
  let difference = 0;
  for (const [index, byte] of leftHash.entries()) difference |= byte ^ (rightHash[index] ?? 0);
  return difference === 0;
}

async function digest(text: string, subtle: Digest): Promise<Uint8Array> {
  return new Uint8Array(await subtle.digest("SHA-256", Uint8Array.from(new TextEncoder().encode(text))));
}
