// A runner with everything around it, for one test file: scripted model, edge and the real runner as a process.
import { afterAll, beforeAll } from "vitest";
import {
  createTestHost,
  type HostBehaviour,
  type RunnerProcess,
  startRunner,
  startTestEdge,
  type TestEdge,
} from "./runner-host.ts";
import { type ScriptedModel, startScriptedModel } from "./scripted-model/server.ts";

export type RunnerBench = {
  model: ScriptedModel;
  edge: TestEdge;
  runner: RunnerProcess;
  /** A new session's object, connected. */
  openSession(
    behaviour?: Partial<HostBehaviour>,
    options?: { previews?: boolean },
  ): Promise<ReturnType<typeof createTestHost>>;
};

/** To be called at the top of a file; the fields are there once tests run. */
export function useRunnerBench(): RunnerBench {
  const bench = {} as RunnerBench;
  beforeAll(async () => {
    bench.model = await startScriptedModel();
    bench.edge = await startTestEdge(bench.model.url);
    bench.runner = await startRunner({ edgeUrl: bench.edge.url });
    bench.openSession = async (behaviour, options) => {
      const host = createTestHost(bench.runner, behaviour);
      await host.connect(options);
      return host;
    };
  });
  afterAll(async () => {
    await bench.runner.stop();
    await bench.edge.close();
    await bench.model.close();
  });
  return bench;
}
