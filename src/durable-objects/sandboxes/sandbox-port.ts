// The one port to sandboxes. Two adapters: a container of the object's own, and a plain process on a laptop.

export type SandboxStart = {
  /** The runner's environment. */
  env: Record<string, string>;
};

export type SandboxPort = {
  /** Whether anything runs, as far as the platform knows. */
  isRunning(): Promise<boolean>;
  /** Starts the runner; it may take a moment until it answers. */
  start(options: SandboxStart): Promise<void>;
  /** Sends a request to the runner's port. WebSocket upgrades pass. */
  fetch(request: Request): Promise<Response>;
  /** Puts off what the platform does to a sandbox that nobody uses. */
  keepAlive(): Promise<void>;
  /** Ends the runner and everything that it started; its disk may be gone after that. */
  stop(): Promise<void>;
  /** As stop, and nothing of it is kept. */
  erase(): Promise<void>;
};
