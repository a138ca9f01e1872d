// What one connection of a Session object may call: every argument is parsed, then handed to the session.
import { RpcTarget } from "capnweb";
import { z } from "zod";
import { uuidSchema } from "../../shared/ids.ts";
import type { ProcessInfo } from "../../shared/processes/schema.ts";
import type { AssertExtends } from "../../shared/rpc/protocol.ts";
import {
  liveOptionsSchema,
  type RunnerSessionApi,
  type RunnerStatus,
  type SessionHello,
  sessionHelloRequestSchema,
  steerSchema,
  type TurnStartState,
  turnStartSchema,
} from "../../shared/rpc/runner-session-api.ts";
import { type BackgroundTask, taskIdSchema, type TaskOutput } from "../../shared/tasks/schema.ts";
import type { Session } from "../sessions/session.ts";
import type { HostConnection } from "./host-link.ts";
import { parseArgument } from "./parse-argument.ts";

const interruptSchema = z.object({ turn_id: uuidSchema });
const killSchema = z.object({ pid: z.int().positive(), force: z.boolean() });
const taskSchema = z.object({ task_id: taskIdSchema });
const previewsSchema = z.object({ previews: z.boolean() });

export class SessionTarget extends RpcTarget {
  readonly #session: Session;
  readonly #connection: () => HostConnection;
  readonly #leave: { end(): Promise<void>; forget(): Promise<void> };

  constructor(
    session: Session,
    connection: () => HostConnection,
    leave: { end(): Promise<void>; forget(): Promise<void> },
  ) {
    super();
    this.#session = session;
    this.#connection = connection;
    this.#leave = leave;
  }

  async hello(request: unknown): Promise<SessionHello> {
    return this.#session.hello(parseArgument(sessionHelloRequestSchema, request), this.#connection());
  }

  async startTurn(turn: unknown): Promise<{ state: TurnStartState }> {
    return this.#session.startTurn(parseArgument(turnStartSchema, turn));
  }

  async steerTurn(steer: unknown): Promise<{ state: "folded" | "known" | "over" }> {
    return this.#session.steerTurn(parseArgument(steerSchema, steer));
  }

  async setLiveOptions(options: unknown): Promise<{ applied: boolean }> {
    return this.#session.setLiveOptions(parseArgument(liveOptionsSchema, options));
  }

  async listProcesses(): Promise<ProcessInfo[]> {
    return this.#session.listProcesses();
  }

  async killProcess(request: unknown): Promise<{ killed: boolean }> {
    return this.#session.killProcess(parseArgument(killSchema, request));
  }

  async listTasks(): Promise<BackgroundTask[]> {
    return this.#session.listTasks();
  }

  async stopTask(request: unknown): Promise<{ stopped: boolean }> {
    return this.#session.stopTask(parseArgument(taskSchema, request).task_id);
  }

  async readTaskOutput(request: unknown): Promise<{ output: TaskOutput | null }> {
    return this.#session.readTaskOutput(parseArgument(taskSchema, request).task_id);
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
    await this.#leave.end();
  }

  async forgetSession(): Promise<void> {
    await this.#leave.forget();
  }
}

type _SessionTargetIsTheContract = AssertExtends<SessionTarget, RunnerSessionApi>;
