// Policies to begin with. A person chooses one for a scope and changes it from there.
import type { PermissionPolicy } from "./policy-schema.ts";

const SECRETS = ["Read(.env)", "Read(.env.*)", "Read(~/.ssh/**)", "Read(~/.aws/**)", "Read(*.pem)", "Read(*.key)"];
const LOOKING = [
  ..."ls cat head tail wc pwd grep rg stat file du diff which".split(" ").map((program) => `Bash(${program} *)`),
  ..."status log diff show blame rev-parse ls-files".split(" ").map((command) => `Bash(git ${command} *)`),
  "Bash(cd *)",
  "Bash(echo *)",
  "Bash(find *)",
];

export const READY_MADE_POLICIES = {
  /** Looks and answers with the tools for that. A shell can do anything, so each command is asked about. */
  read_only: {
    auto_approved: ["Read", "TodoWrite"],
    user_consent: ["Bash", "WebFetch", "WebSearch", "mcp__*"],
    forbidden: ["Edit", ...SECRETS],
  },
  /** Works in the project's files; asks before what leaves the project or cannot be taken back. */
  standard: {
    auto_approved: ["Read", "TodoWrite", "Edit(**)", ...LOOKING],
    user_consent: [
      "Bash(git push *)",
      "Bash(git reset *)",
      "Bash(git clean *)",
      "Bash(rm *)",
      "Bash(npm publish *)",
      "Bash(curl *)",
      "Bash(wget *)",
      "Edit(/.git/**)",
      "Edit(/.github/**)",
      "Edit(/.claude/**)",
    ],
    forbidden: ["Bash(sudo *)", ...SECRETS],
  },
  /** Does what it needs to in a sandbox that is thrown away; what others would see is asked. */
  autonomous_in_sandbox: {
    auto_approved: ["Read", "Edit", "Bash", "TodoWrite", "WebFetch", "WebSearch", "Agent"],
    user_consent: ["Bash(git push *)", "Bash(npm publish *)", "Bash(gh *)", "Bash(docker push *)"],
    forbidden: ["Bash(sudo *)"],
  },
} satisfies Record<string, PermissionPolicy>;
