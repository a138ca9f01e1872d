import { describe, expect, it } from "vitest";
import { GUESS_WINDOW_MS, type GuessCounter, judgeSignIn, MAX_GUESSES } from "./sign-in-policy.ts";

function memoryCounter(): GuessCounter {
  let guesses = 0;
  let endsAtMs = 0;
  return {
    async countGuess(nowMs, windowMs) {
      if (endsAtMs <= nowMs) [guesses, endsAtMs] = [0, nowMs + windowMs];
      return ++guesses;
    },
    async forgetGuesses() {
      endsAtMs = 0;
    },
  };
}

const signIn = (guess: string, counter: GuessCounter, nowMs = 1000) =>
  judgeSignIn(guess, { code: "RIGHT-CODE", counter, nowMs, subtle: crypto.subtle });

describe("the sign-in code", () => {
  it("lets in who has it, spaces around it aside [auth.sign_in_code]", async () => {
    expect(await signIn(" RIGHT-CODE\n", memoryCounter())).toBe("signed_in");
  });

  it.each(["", "RIGHT-COD", "RIGHT-CODE2", "right-code"])("does not let in with %s", async (guess) => {
    expect(await signIn(guess, memoryCounter())).toBe("wrong_code");
  });

  it("is locked after too many guesses, even for the right one, until the window ends", async () => {
    const counter = memoryCounter();
    for (let guess = 0; guess < MAX_GUESSES; guess++) expect(await signIn("no", counter)).toBe("wrong_code");
    expect(await signIn("RIGHT-CODE", counter)).toBe("locked");
    expect(await signIn("RIGHT-CODE", counter, 1000 + GUESS_WINDOW_MS)).toBe("signed_in");
  });

  it("forgets wrong guesses after a right one", async () => {
    const counter = memoryCounter();
    for (let guess = 1; guess < MAX_GUESSES; guess++) await signIn("no", counter);
    expect(await signIn("RIGHT-CODE", counter)).toBe("signed_in");
    expect(await signIn("no", counter)).toBe("wrong_code");
  });
});
