// What one connection of a Session object may call: every argument is parsed, then handed to the session.
import { RpcTarget } from "capnweb";
import { z } from "zod";
import { uuidSchema } from "../../shared/ids.ts";
import type { AssertExtends } from "../../shared/rpc/protocol.ts";
import {
  type RunnerSessionApi,
  type RunnerStatus,
  type SessionHello,
  sessionHelloRequestSchema,
  turnStartSchema,
} from "../../shared/rpc/runner-session-api.ts";
import type { Session } from "../sessions/session.ts";
import type { HostConnection } from "./host-link.ts";
import { parseArgument } from "./parse-argument.ts";

const interruptSchema = z.object({ turn_id: uuidSchema });
const previewsSchema = z.object({ previews: z.boolean() });

export class SessionTarget extends RpcTarget {
  readonly #session: Session;
  readonly #connection: () => HostConnection;
  readonly #end: () => Promise<void>;

  constructor(session: Session, connection: () => HostConnection, end: () => Promise<void>) {
    super();
    this.#session = session;
    this.#end = end;
    this.#connection = connection;
  }

  async hello(request: unknown): Promise<SessionHello> {
    return this.#session.hello(parseArgument(sessionHelloRequestSchema, request), this.#connection());
  }

  async startTurn(turn: unknown): Promise<{ state: "started" | "known" | "busy" }> {
    return this.#session.startTurn(parseArgument(turnStartSchema, turn));
  }

  async interruptTurn(request: unknown): Promise<{ running: boolean }> {
    return { running: this.#session.interruptTurn(parseArgument(interruptSchema, request).turn_id) };
  }

  async setPreviews(request: unknown): Promise<void> {
    this.#session.setPreviews(parseArgument(previewsSchema, request).previews);
  }

  async ping(): Promise<RunnerStatus> {
    return this.#session.status();
  }

  async endSession(): Promise<void> {
    await this.#end();
  }
}

type _SessionTargetIsTheContract = AssertExtends<SessionTarget, RunnerSessionApi>;
