// Looks at a tree with other eyes than the engine's: find and sha256sum of the system say what is there.
import { execFileSync } from "node:child_process";

/** One line a path: type, mode, time in microseconds, size or target, content, and which names are one file. Sorted. */
export function lookAtTree(root: string): string[] {
  // Folders that nobody may enter are looked into all the same; nothing is changed by looking, as root or as their owner.
  const fields = ["%P", "%y", "%m", "%T@", "%l", "%n", "%i", "%s"];
  const printed = execFileSync("find", [root, "-mindepth", "1", "-printf", `${fields.join("\\0")}\\0`], {
    encoding: "latin1",
    maxBuffer: 512 * 1024 * 1024,
  });
  const values = printed.split("\0").slice(0, -1);
  const hashes = hashFiles(root);
  const firstNames = new Map<string, string>();
  const found = Array.from({ length: values.length / fields.length }, (_, index) => {
    const at = values.slice(index * fields.length, (index + 1) * fields.length);
    const [path = "", type = "", mode = "", time = "", target = "", links = "", inode = "", size = ""] = at;
    return { path, type, mode, time, target, links, inode, size };
  }).sort((left, right) => (left.path < right.path ? -1 : 1));
  return found.map(({ path, type, mode, time, target, links, inode, size }) => {
    const first = firstNames.get(inode) ?? path;
    firstNames.set(inode, first);
    const content = type === "f" ? `${size} ${hashes.get(path) ?? "?"}` : target;
    const same = type === "f" && links !== "1" ? ` = ${first}` : "";
    return `${JSON.stringify(path)} ${type} ${type === "l" ? "" : mode} ${microseconds(time)} ${content}${same}`;
  });
}

function hashFiles(root: string): Map<string, string> {
  // `-z`: names as they are, whatever is in them.
  const printed = execFileSync("find", [".", "-type", "f", "-exec", "sha256sum", "-z", "--", "{}", "+"], {
    cwd: root,
    encoding: "latin1",
    maxBuffer: 512 * 1024 * 1024,
  });
  const lines = printed.split("\0").slice(0, -1);
  return new Map(lines.map((line) => [line.slice(68), line.slice(0, 64)]));
}

/** find says them to ten digits; a restore holds them to six. */
function microseconds(time: string): string {
  const [seconds = "", fraction = ""] = time.split(".");
  return `${seconds}.${fraction.slice(0, 6).padEnd(6, "0")}`;
}
