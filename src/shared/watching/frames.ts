// What a watcher of a session is sent, as server-sent events and over a WebSocket, and what it may send back.
import { z } from "zod";
import { ERROR_CODES } from "../errors/error-code.ts";
import { sessionEventSchema } from "../events/event.ts";
import { uuidSchema } from "../ids.ts";
import { permissionAnswerSchema } from "../permissions/permission-request.ts";
import { sessionStatusSchema } from "../sessions/schema.ts";

/** `slow`: it did not take what it was sent. `expired`: connect again, so that the right to watch is looked at again. */
export const CUT_OFF_REASONS = ["slow", "expired"] as const;

const previewFrame = { turn_id: uuidSchema.nullable(), message: z.unknown() };
const cutOffFrame = { cursor: z.int().nonnegative(), reason: z.enum(CUT_OFF_REASONS) };
const endFrame = {
  cursor: z.int().nonnegative(),
  status: sessionStatusSchema,
  reason: z.string().nullable(),
};

/** Over the WebSocket, to the watcher. */
export const socketFrameSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("event"), event: sessionEventSchema }),
  /** A live delta: never numbered, and not sent again. */
  z.object({ kind: z.literal("preview"), ...previewFrame }),
  /** The last frame before the close: go on after `cursor`. */
  z.object({ kind: z.literal("cut_off"), ...cutOffFrame }),
  /** The last frame before the close: the session has ended and every event was sent. */
  z.object({ kind: z.literal("end"), ...endFrame }),
  /** What became of an answer that this watcher sent; `error` when it changed nothing. */
  z.object({
    kind: z.literal("permission_answered"),
    request_id: uuidSchema,
    error: z.object({ code: z.enum(ERROR_CODES), message: z.string() }).nullable(),
  }),
]);
export type SocketFrame = z.infer<typeof socketFrameSchema>;
export type PreviewFrame = Omit<Extract<SocketFrame, { kind: "preview" }>, "kind">;
/** What the two last frames say. */
export type LastFrame = Extract<SocketFrame, { kind: "cut_off" | "end" }>;

/** Over the WebSocket, from the watcher. */
export const clientFrameSchema = z.discriminatedUnion("kind", [
  /** Everything up to `seq` has arrived. */
  z.strictObject({ kind: z.literal("cursor"), seq: z.int().nonnegative() }),
  /** A person's answer, from a watcher who may give one. What holds for all projects is decided on the page. */
  z.strictObject({
    kind: z.literal("answer_permission"),
    request_id: uuidSchema,
    answer: permissionAnswerSchema.refine(({ decision }) => decision !== "allow_always"),
  }),
]);
export type ClientFrame = z.infer<typeof clientFrameSchema>;
export type AnswerFrame = Extract<ClientFrame, { kind: "answer_permission" }>;

/** A client frame that is longer is none. */
export const MAX_CLIENT_FRAME_CHARACTERS = 16 * 1024;

/** Sent by a watcher to see that the link is alive; answered without waking the object. */
export const SOCKET_PING = '{"kind":"ping"}';
export const SOCKET_PONG = '{"kind":"pong"}';

/** Tells clients how soon to come back after a cut; also the first bytes, so that headers leave at once. */
export const SSE_OPENING = "retry: 1000\n\n";
export const SSE_KEEP_ALIVE = ": keep-alive\n\n";

/** One server-sent event. JSON has no line breaks of its own, so one `data` line holds it. */
export function formatSse(type: string, json: string, id: number | null = null): string {
  return `${id === null ? "" : `id: ${id}\n`}event: ${type}\ndata: ${json}\n\n`;
}

/** The event's frame, around JSON that is made once for all watchers. */
export function formatSocketEvent(eventJson: string): string {
  return `{"kind":"event","event":${eventJson}}`;
}

export function formatLastSse({ kind, ...data }: LastFrame): string {
  return formatSse(kind, JSON.stringify(data));
}
