// Keeps a page of files under the size that clients show, however long the paths are.
import { jsonBytes } from "../../shared/events/shorten.ts";
import type { ProjectFile } from "../../shared/projects/schema.ts";
import type { FileList } from "../../shared/rpc/runner-workspace-api.ts";

/** The answer carries the page twice, as structure and as text: together under 130,000 characters. */
const MAX_PAGE_BYTES = 48 * 1024;

export function pageFiles(list: FileList): { files: ProjectFile[]; next_cursor: string | null } {
  const files: ProjectFile[] = [];
  let bytes = 0;
  for (const file of list.files) {
    bytes += jsonBytes(file) + 1;
    if (bytes > MAX_PAGE_BYTES && files.length > 0) return { files, next_cursor: files.at(-1)?.path ?? null };
    files.push(file);
  }
  return { files, next_cursor: list.next_after };
}
