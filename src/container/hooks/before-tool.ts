// One callback before each tool call: the hooks first, then our gate, which decides on the input that the tool will have.
import type { HookCallback } from "@anthropic-ai/claude-agent-sdk";
import { type BeforeTool, mergeBeforeTool } from "../../shared/hooks/before-tool.ts";
import type { RunEvent } from "./event-runner.ts";

type HookOutput = Awaited<ReturnType<HookCallback>>;

/** Claude Code runs callbacks side by side on the input that the model gave: a hook beside the gate would go round it. */
export function createBeforeTool(gate: HookCallback, run: RunEvent): HookCallback {
  return async (input, toolUseId, options) => {
    if (input.hook_event_name !== "PreToolUse") return {};
    const before = mergeBeforeTool(await run("PreToolUse", input, options.signal));
    if (before.deny !== null) return { ...before.general, ...decision("deny", before.deny, before) };
    const toolInput = before.updatedInput ?? input.tool_input;
    const decided = await gate({ ...input, tool_input: toolInput }, toolUseId, options);
    return { ...before.general, ...combine(decided, before) };
  };
}

function combine(decided: HookOutput, before: BeforeTool): HookOutput {
  const specific = "hookSpecificOutput" in decided ? decided.hookSpecificOutput : undefined;
  const gate = specific?.hookEventName === "PreToolUse" ? specific : null;
  const says = gate?.permissionDecision;
  if (says === "deny") return decided;
  if (says === "ask" || before.ask !== null) {
    return decision("ask", gate?.permissionDecisionReason ?? before.ask, before);
  }
  return decision(says === "allow" ? "allow" : null, null, before);
}

function decision(behavior: "deny" | "ask" | "allow" | null, reason: string | null, before: BeforeTool): HookOutput {
  const { updatedInput, additionalContext } = before;
  return {
    hookSpecificOutput: {
      hookEventName: "PreToolUse",
      ...(behavior !== null && { permissionDecision: behavior }),
      ...(reason !== null && { permissionDecisionReason: reason }),
      ...(updatedInput !== null && behavior !== "deny" && { updatedInput }),
      ...(additionalContext !== null && { additionalContext }),
    },
  };
}
