import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { HAS_PROMTOOL, PROMTOOL } from "../../../test/support/promtool.ts";
import { METRIC_NAMES, METRICS } from "./metrics.ts";
import { prometheusName } from "./prometheus-text.ts";

const folder = join(import.meta.dirname, "../../../docs/telemetry");
const alerts = readFileSync(join(folder, "alerts.yaml"), "utf8");
const dashboard = readFileSync(join(folder, "dashboard.json"), "utf8");

/** All series that a scrape can show. */
const SERIES = new Set(
  METRIC_NAMES.flatMap((name) => {
    const shown = prometheusName(name);
    return METRICS[name].kind === "histogram" ? ["_bucket", "_sum", "_count"].map((suffix) => shown + suffix) : [shown];
  }),
);
const namesIn = (text: string) =>
  [...text.matchAll(/\b(?:claude_code|berth|gen_ai_client|mcp_server)_[a-z_]+/g)].map(([name]) => name);
type Rules = { groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[] };

describe("the dashboard and the alert rules", () => {
  const rules = (parse(alerts) as Rules).groups.flatMap((group) => group.rules);
  const panels = (JSON.parse(dashboard) as { panels: { title: string; targets: { expr: string }[] }[] }).panels;

  it("name metrics that there are, and the dashboard shows them all [telemetry.files]", () => {
    const asked = [
      ...rules.map(({ expr }) => expr),
      ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ];
    const named = asked.map(namesIn);
    expect(named.filter((names) => names.length === 0)).toEqual([]);
    expect(named.flat().filter((name) => !SERIES.has(name))).toEqual([]);
    const shown = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => namesIn(expr)));
    const unseen = METRIC_NAMES.filter((name) => !shown.some((one) => one.startsWith(prometheusName(name))));
    expect(unseen).toEqual([]);
  });

  it("say what is the matter [telemetry.files]", () => {
    for (const { alert, annotations } of rules) {
      expect(annotations["summary"], alert).toMatch(/\.$/);
      expect(annotations["description"], alert).toMatch(/\.$/);
    }
  });

  it(`${PROMTOOL} check rules [telemetry.files]`, () => {
    expect(rules.length).toBeGreaterThan(5);
    if (!HAS_PROMTOOL) return;
    const checked = execFileSync("promtool", ["check", "rules", join(folder, "alerts.yaml")], { encoding: "utf8" });
    expect(checked).toContain(`SUCCESS: ${rules.length} rules found`);
  });
});
