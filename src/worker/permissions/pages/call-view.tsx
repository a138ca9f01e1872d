// Shows exactly what a tool call would do: the command, the change of a file, or its whole input.
import type { FC } from "hono/jsx";
import type { PermissionRequestView } from "../../../shared/permissions/permission-request.ts";
import { toDiffLines } from "./diff-lines.ts";
import { makeVisible } from "./visible-text.ts";

type Input = Record<string, unknown>;

export const CallView: FC<{ request: Pick<PermissionRequestView, "tool" | "tool_input"> }> = ({ request }) => {
  const input = toRecord(request.tool_input);
  const shown = SHOWN[request.tool]?.(input) ?? null;
  if (shown === null) return <Block label="Its whole input" text={toJson(request.tool_input)} />;
  const rest = Object.fromEntries(Object.entries(input).filter(([name]) => !shown.fields.includes(name)));
  return (
    <>
      {shown.view}
      {Object.keys(rest).length > 0 && <Block label="And with it" text={toJson(rest)} />}
    </>
  );
};

type Shown = { view: ReturnType<FC>; fields: string[] } | null;

/** Each takes the fields that it shows; null for an input that is not of the known form. */
const SHOWN: Record<string, (input: Input) => Shown> = {
  Bash: ({ command, description }) =>
    typeof command === "string"
      ? {
          fields: ["command", "description"],
          view: (
            <>
              <Block label="This command" text={command} strong />
              {typeof description === "string" && <Said text={description} />}
            </>
          ),
        }
      : null,
  Edit: (input) => showEdits(input, { edits: [input], fields: ["file_path", ...EDIT_FIELDS] }),
  MultiEdit(input) {
    const edits = Array.isArray(input["edits"]) ? input["edits"].map(toRecord) : [];
    // A change with a field that is not shown is shown as it came.
    const isPlain = edits.every((edit) => Object.keys(edit).every((name) => EDIT_FIELDS.includes(name)));
    return isPlain && edits.length > 0 ? showEdits(input, { edits, fields: ["file_path", "edits"] }) : null;
  },
  Write: ({ file_path, content }) =>
    typeof file_path === "string" && typeof content === "string"
      ? {
          fields: ["file_path", "content"],
          view: (
            <>
              <Block label="This file, made or replaced" text={file_path} strong />
              <Diff label="Its whole content from then on" before="" after={content} />
            </>
          ),
        }
      : null,
  WebFetch: ({ url, prompt }) =>
    typeof url === "string"
      ? {
          fields: ["url", "prompt"],
          view: (
            <>
              <Block label="This address" text={url} strong />
              {typeof prompt === "string" && <Block label="To find out" text={prompt} />}
            </>
          ),
        }
      : null,
};

const EDIT_FIELDS = ["old_string", "new_string", "replace_all"];

function showEdits({ file_path }: Input, { edits, fields }: { edits: Input[]; fields: string[] }): Shown {
  if (typeof file_path !== "string" || !edits.every(isEdit)) return null;
  return {
    fields,
    view: (
      <>
        <Block label="This file" text={file_path} strong />
        {edits.map(({ old_string, new_string, replace_all }) => (
          <Diff
            label={replace_all === true ? "This change, wherever the text stands" : "This change"}
            before={String(old_string)}
            after={String(new_string)}
          />
        ))}
      </>
    ),
  };
}

function isEdit({ old_string, new_string }: Input): boolean {
  return typeof old_string === "string" && typeof new_string === "string";
}

type BlockProps = { label: string; text: string; strong?: boolean };

export const Block: FC<BlockProps> = ({ label, text, strong = false }) => (
  <figure class={strong ? "block strong" : "block"}>
    <figcaption>{label}</figcaption>
    <pre>{makeVisible(text)}</pre>
  </figure>
);

const MARK_CLASS = { " ": "same", "-": "gone", "+": "new" } as const;

export const Diff: FC<{ label: string; before: string; after: string }> = ({ label, before, after }) => (
  <figure class="block">
    <figcaption>{label}</figcaption>
    <pre class="diff">
      {toDiffLines(before, after).map(({ mark, text }) => (
        <span class={MARK_CLASS[mark]}>{`${mark} ${text}\n`}</span>
      ))}
    </pre>
  </figure>
);

const Said: FC<{ text: string }> = ({ text }) => (
  <p class="said">
    Claude’s own words about it: <q>{makeVisible(text)}</q>
  </p>
);

function toRecord(value: unknown): Input {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Input) : {};
}

function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? "null";
}
