// What one choice of toolsets shows: its tools by name, and the ready-made answer to `tools/list`.
import type { Tool } from "./define-tool.ts";
import type { Toolset } from "./toolsets.ts";

type ListedTool = {
  name: string;
  title: string;
  description: string;
  inputSchema: { type: "object" };
  outputSchema: { type: "object" };
  annotations: Tool["annotations"] & { title: string };
};

export type Exposure = { tools: ReadonlyMap<string, Tool>; listing: ListedTool[] };

/** Keeps one exposure per choice, so that listings are built once per isolate. */
export function createExposures(tools: readonly Tool[]): (toolsets: readonly Toolset[]) => Exposure {
  const known = new Map<string, Exposure>();
  return (toolsets) => {
    const key = toolsets.join(",");
    const exposure = known.get(key) ?? expose(tools.filter((tool) => toolsets.includes(tool.toolset)));
    known.set(key, exposure);
    return exposure;
  };
}

function expose(tools: readonly Tool[]): Exposure {
  return { tools: new Map(tools.map((tool) => [tool.name, tool])), listing: tools.map(listTool) };
}

function listTool(tool: Tool): ListedTool {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: { ...tool.inputJson, type: "object" },
    outputSchema: { ...tool.outputJson, type: "object" },
    annotations: { title: tool.title, ...tool.annotations },
  };
}
