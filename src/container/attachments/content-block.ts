// Turns a file's bytes into what the model is shown: an image, a document, or its text under its name.
import type { SDKUserMessage } from "@anthropic-ai/claude-agent-sdk";
import { promisedKind, readText, recognise } from "../../shared/attachments/media-policy.ts";
import { AttachmentError } from "./attachment-error.ts";

export type ContentBlock = Exclude<SDKUserMessage["message"]["content"], string>[number];

/** `name`: as Claude is to see it; its ending has to keep what it promises. */
export function toContentBlock(name: string, bytes: Buffer): ContentBlock {
  if (bytes.length === 0) throw new AttachmentError("empty");
  const found = recognise(bytes);
  const promised = promisedKind(name);
  if (promised !== null && found?.kind !== promised) throw new AttachmentError("not_its_type");
  if (found === null) throw new AttachmentError("unsupported");
  const data = bytes.toString("base64");
  switch (found.kind) {
    case "image":
      return { type: "image", source: { type: "base64", media_type: found.media_type, data } };
    case "pdf":
      return { type: "document", title: name, source: { type: "base64", media_type: "application/pdf", data } };
    case "text":
      return {
        type: "document",
        title: name,
        source: { type: "text", media_type: "text/plain", data: readText(bytes) ?? "" },
      };
  }
}
