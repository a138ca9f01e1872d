// The resources: sessions that run, effective settings, one session, one event in full, one project file.
import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceTemplate,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { filePathSchema, projectNameSchema } from "../../shared/projects/schema.ts";
import { uuidSchema } from "../../shared/ids.ts";
import type { Principal, Scope } from "../../shared/teams/principal.ts";
import { explainError } from "../http/json-error.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { ResourceReaders } from "./resource-readers.ts";
import { challengeFor } from "./scope-challenge.ts";

export type ResourceOptions = { principal: Principal | null; readers: ResourceReaders; logger: Logger };

type Read = (
  readers: ResourceReaders,
  principal: Principal,
  uri: URL,
) => Promise<ReadResourceResult["contents"][number]>;

type FixedResource = { name: string; uri: string; scope: Scope; title: string; description: string; read: Read };
type TemplateResource = Omit<FixedResource, "uri"> & { template: ResourceTemplate };

const JSON_TYPE = "application/json";

const FIXED: readonly FixedResource[] = [
  {
    name: "active-sessions",
    uri: "claude://sessions/active",
    scope: "sessions:read",
    title: "Active sessions",
    description: "Your sessions that have not ended, newest first; the first 50.",
    read: (readers, principal, uri) => readers.activeSessions(principal).then((value) => asJson(uri, value)),
  },
  {
    name: "config",
    uri: "claude://config",
    scope: "configuration:read",
    title: "Effective settings",
    description: "What Berth is set to, and what your sessions are configured by, with where each item comes from.",
    read: (readers, principal, uri) => readers.config(principal).then((value) => asJson(uri, value)),
  },
  {
    name: "agents",
    uri: "claude://agents",
    scope: "configuration:read",
    title: "Agents",
    description: "The team's agents and your own, without what they are told; the first 100.",
    read: (readers, principal, uri) => readers.agents(principal).then((value) => asJson(uri, value)),
  },
  {
    name: "usage-today",
    uri: "claude://usage/today",
    scope: "sessions:read",
    title: "Usage today",
    description: "Tokens and cost of today in UTC, by model: an owner's of the whole team, everybody else's their own.",
    read: (readers, principal, uri) => readers.usage(principal, null).then((value) => asJson(uri, value)),
  },
];

const TEMPLATES: readonly TemplateResource[] = [
  {
    name: "session",
    template: template("claude://sessions/{session_id}"),
    scope: "sessions:read",
    title: "A session",
    description: "A session's state, its turn and that turn's result.",
    read: async (readers, principal, uri) => {
      const [sessionId] = pathParts(uri);
      return asJson(uri, await readers.session(principal, parsed(uuidSchema, sessionId)));
    },
  },
  {
    name: "session-event",
    template: template("claude://sessions/{session_id}/events/{seq}"),
    scope: "sessions:read",
    title: "An event in full",
    description:
      "The whole of one event. A long one comes in parts: next_offset in the answer's _meta is the ?offset= of the next.",
    read: async (readers, principal, uri) => {
      const [sessionId, , seq] = pathParts(uri);
      const position = { sessionId: parsed(uuidSchema, sessionId), seq: parsedCount(seq), offset: offsetOf(uri) };
      const part = await readers.event(principal, position);
      return {
        uri: uri.toString(),
        mimeType: JSON_TYPE,
        text: part.text,
        _meta: { next_offset: part.next_offset, bytes: part.bytes },
      };
    },
  },
  {
    name: "agent",
    template: template("claude://agents/{agent_id}"),
    scope: "configuration:read",
    title: "An agent",
    description: "An agent as its newest version is, with what it is told.",
    read: async (readers, principal, uri) => {
      const [agentId] = pathParts(uri);
      return asJson(uri, await readers.agent(principal, parsed(uuidSchema, agentId)));
    },
  },
  {
    name: "usage-of-a-day",
    template: template("claude://usage/{date}"),
    scope: "sessions:read",
    title: "Usage of a day",
    description: "Tokens and cost of one day in UTC, by model; the date as 2026-01-31.",
    read: async (readers, principal, uri) => {
      const [date] = pathParts(uri);
      return asJson(uri, await readers.usage(principal, parsed(z.iso.date(), date)));
    },
  },
  {
    name: "project-file",
    template: template("claude://projects/{project}/files/{+path}"),
    scope: "projects:read",
    title: "A project's file",
    description:
      "A file as it is now. A long one comes in parts: next_offset in the answer's _meta is the ?offset= of the next.",
    read: async (readers, principal, uri) => {
      const [project, , ...path] = pathParts(uri);
      const wanted = { path: parsed(filePathSchema, path.join("/")), offset: offsetOf(uri) };
      const file = await readers.file(principal, parsed(projectNameSchema, project), wanted);
      const end = file.offset + file.bytes;
      const _meta = { next_offset: end < file.size && file.bytes > 0 ? end : null, bytes: file.size };
      const base = { uri: uri.toString(), _meta };
      return file.encoding === "utf-8"
        ? { ...base, mimeType: "text/plain", text: file.content }
        : { ...base, mimeType: "application/octet-stream", blob: file.content };
    },
  },
];

export function registerResources(server: McpServer, options: ResourceOptions): void {
  for (const { name, uri, scope, title, description, read } of FIXED) {
    const config = { title, description, mimeType: JSON_TYPE, scopeChallenge: challengeFor(scope) };
    server.registerResource(name, uri, config, (at) => readSafely(options, read, at));
  }
  for (const { name, template: at, scope, title, description, read } of TEMPLATES) {
    const config = { title, description, scopeChallenge: challengeFor(scope) };
    server.registerResource(name, at, config, (uri) => readSafely(options, read, uri));
  }
}

/** Whether a URI has the form of one of the resources; not whether there is one. */
export function isResourceUri(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const uri = new URL(text).toString();
  if (FIXED.some((resource) => resource.uri === uri)) return true;
  return TEMPLATES.some((resource) => resource.template.uriTemplate.match(uri) !== null);
}

async function readSafely(options: ResourceOptions, read: Read, uri: URL): Promise<ReadResourceResult> {
  const { principal, readers, logger } = options;
  try {
    if (principal === null) throw new Error("A resource is read for somebody");
    return { contents: [await read(readers, principal, uri)] };
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    const failure = explainError(error, logger, "resources/read");
    const code = failure.code === "internal" ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams;
    throw new ProtocolError(code, `${failure.code}: ${failure.message}`);
  }
}

function template(pattern: string): ResourceTemplate {
  return new ResourceTemplate(pattern, { list: undefined });
}

function asJson(uri: URL, value: unknown): { uri: string; mimeType: string; text: string } {
  return { uri: uri.toString(), mimeType: JSON_TYPE, text: JSON.stringify(value) };
}

function pathParts(uri: URL): string[] {
  try {
    return uri.pathname.split("/").slice(1).map(decodeURIComponent);
  } catch {
    throw badUri();
  }
}

function offsetOf(uri: URL): number {
  return parsedCount(uri.searchParams.get("offset") ?? "0");
}

function parsedCount(text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw badUri();
  return Number(text);
}

function parsed<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
  value: unknown,
): T {
  const result = schema.safeParse(value);
  if (!result.success) throw badUri();
  return result.data;
}

function badUri(): ProtocolError {
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    "The resource's URI is not valid; resources/templates/list shows their form.",
  );
}
