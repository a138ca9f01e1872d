// Where the archive of a git repository is fetched: hosts offer it as a zip, so that no git has to run on the Worker and no
// sandbox has to be started. The address goes through the guard like any other that a person enters.

export type ArchivePlace = {
  url: string;
  /** The folder of the skill within the repository; empty for its top. */
  folder: string;
};

export type ArchiveReading = { ok: true; place: ArchivePlace } | { ok: false; reason: string };

type Host = {
  host: string;
  /** Between the repository and `<ref>/<folder>` in the host's own links. */
  tree: string;
  archive(repository: string, ref: string): string;
};

const HOSTS: readonly Host[] = [
  {
    host: "github.com",
    tree: "tree",
    archive: (repository, ref) => `https://codeload.github.com/${repository}/zip/${ref}`,
  },
  {
    host: "gitlab.com",
    tree: "-/tree",
    archive: (repository, ref) => `https://gitlab.com/${repository}/-/archive/${ref}/archive.zip`,
  },
  {
    host: "codeberg.org",
    tree: "src/branch",
    archive: (repository, ref) => `https://codeberg.org/${repository}/archive/${ref}.zip`,
  },
];

const PART = /^[\w.-]+$/;

/** A repository's address, or a link to one of its folders. `ref` and `folder` count where the link names none. */
export function readArchiveUrl(text: string, ref: string | null, folder: string | null): ArchiveReading {
  const url = URL.parse(text.trim());
  if (url === null || url.protocol !== "https:") return refuse("is no https:// address");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return refuse("has a user, a query or a fragment");
  }
  const host = HOSTS.find((one) => one.host === url.hostname.replace(/^www\./, ""));
  if (host === undefined) {
    const known = HOSTS.map((one) => one.host).join(", ");
    return refuse(`is of none of ${known}; for other hosts give the address of a zip file`);
  }
  return readPath(host, url.pathname.replace(/\/+$/, ""), { ref, folder });
}

function readPath(host: Host, path: string, given: { ref: string | null; folder: string | null }): ArchiveReading {
  const [repository, rest] = splitOnce(path.slice(1), `/${host.tree}/`);
  const parts = repository.replace(/\.git$/, "").split("/");
  if (parts.length < 2 || !parts.every(isPlain)) return refuse("names no repository");
  const [linkedRef, ...linkedFolder] = rest === "" ? [] : rest.split("/");
  const ref = linkedRef ?? given.ref ?? "HEAD";
  const folder = linkedFolder.length > 0 ? linkedFolder.join("/") : (given.folder ?? "");
  if (!ref.split("/").every(isPlain)) return refuse("names a branch or tag that is not understood");
  if (folder !== "" && !folder.split("/").every(isPlain)) return refuse("names a folder that is not understood");
  return { ok: true, place: { url: host.archive(parts.join("/"), ref), folder } };
}

const isPlain = (part: string): boolean => PART.test(part) && part !== "." && part !== "..";

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + by.length)];
}

function refuse(reason: string): { ok: false; reason: string } {
  return { ok: false, reason: `The git URL ${reason}.` };
}
