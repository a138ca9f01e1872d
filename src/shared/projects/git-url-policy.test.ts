import { describe, expect, it } from "vitest";
import { judgeGitUrl } from "./git-url-policy.ts";

const judge = (url: string, allowInsecure = false) => judgeGitUrl(url, { allowInsecure });

describe("judgeGitUrl", () => {
  it.each(["https://github.com/acme/app.git", "https://git.example.com:8443/a/b", "https://example.com/~me/x"])(
    "accepts %s [bad_input.project]",
    (url) => expect(judge(url)).toEqual({ ok: true, url }),
  );

  it.each([
    "http://github.com/acme/app",
    "ssh://git@github.com/acme/app",
    "git@github.com:acme/app.git",
    "file:///etc",
    "ext::sh -c touch% /tmp/x",
    "https://user:secret@github.com/acme/app",
    "https://token@github.com/acme/app",
    "--upload-pack=touch /tmp/x",
    "-https://github.com/a/b",
    "https://github.com",
    "https://github.com/",
    "https://github.com/a?x=1",
    "https://github.com/a#frag",
    "https://git hub.com/a",
    "https://github.com/a\nb",
    "https:///a/b",
    "https://[::1]/a",
    "HTTPS://github.com/a/b",
    "https://169.254.169.254/a",
    "https://2130706433/a",
    "https://0x7f.1/a",
    "https://intranet/a",
    "https://git.corp.internal/a",
    "",
    `https://github.com/${"a".repeat(3000)}`,
  ])("refuses %j and never repeats it [bad_input.project]", (url) => {
    const verdict = judge(url);
    expect(verdict.ok).toBe(false);
    if (!verdict.ok && url.length > 12) expect(verdict.reason).not.toContain(url);
  });

  it("opens file and loopback http for tests alone", () => {
    expect(judge("file:///tmp/repo", true).ok).toBe(true);
    expect(judge("http://127.0.0.1:9000/repo.git", true).ok).toBe(true);
    expect(judge("http://example.com/repo.git", true).ok).toBe(false);
    expect(judge("ssh://127.0.0.1/repo.git", true).ok).toBe(false);
  });
});
