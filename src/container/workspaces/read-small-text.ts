// Reads a small text of the repository for the runner's own use: nothing but a regular file inside the workspace, whatever
// the agent has put in its place. A link out of it, a pipe that nobody writes to, or an endless file is as good as none.
import { openWorkspaceFile } from "./read-file.ts";

/** Null where there is none, and where it is larger. */
export async function readSmallText(workspaceDir: string, path: string, maxBytes: number): Promise<string | null> {
  const opened = await openWorkspaceFile(workspaceDir, path).catch(() => null);
  if (opened === null) return null;
  try {
    return opened.size > maxBytes ? null : await opened.file.readFile("utf8");
  } catch {
    return null;
  } finally {
    await opened.file.close();
  }
}
