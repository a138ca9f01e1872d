// What the server tells a client's model about itself when it connects. Claude Code cuts it at 2 KB.
import { DEFAULT_TOOLSETS, TOOLSETS } from "./toolsets.ts";

export const INSTRUCTIONS = `Berth runs Claude Code in cloud sandboxes.

A project holds files; a session is one conversation of Claude Code in a project; a turn is one prompt and everything until its result.

1. execute_claude starts a turn and answers with session_id, turn_id and cursor. It waits a little (wait_seconds) and has the result when the turn ends in that time.
2. wait_for_session waits for at most 40 seconds and gives the events after a cursor. Call it again with next_cursor until the turn has a result.
3. execute_claude with session_id goes on with the same conversation. Turns in one branch of a project run one after another, branches beside each other.

Without a project, the project "default" is used. What Claude Code asks a person to allow waits in pending_permissions. You cannot answer it: show the person consent_url, then call wait_for_session.

Results are kept small: long events are shortened, and their resource (claude://sessions/{session_id}/events/{seq}) has the whole.

Tools shown by default: ${DEFAULT_TOOLSETS.join(", ")}. The URL chooses others, of ${TOOLSETS.join(", ")}: /mcp?toolsets=all`;
