// GET /metrics: the sums of all teams in Prometheus' text format, for whoever has the token. Without one configured there is no such page.
import { AppError } from "../../shared/errors/app-error.ts";
import type { TelemetryApi } from "../../shared/rpc/telemetry-api.ts";
import { mergeSeries } from "../../shared/telemetry/metrics.ts";
import { PROMETHEUS_TYPE, writePrometheus } from "../../shared/telemetry/prometheus-text.ts";
import { type Digest, isSameText } from "../auth/sign-in-policy.ts";

export type MetricsRouteOptions = {
  /** Empty for none. */
  token: string;
  listTeams: () => Promise<string[]>;
  team: (teamId: string) => Pick<TelemetryApi, "readMetrics">;
  subtle: Digest;
};

export function createMetricsRoute(options: MetricsRouteOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    if (options.token === "") throw new AppError("not_found", "There is nothing at this address.");
    if (!(await isSameText(readBearer(request), options.token, options.subtle))) {
      const headers = { "www-authenticate": 'Bearer realm="metrics"', "cache-control": "no-store" };
      return new Response("Send the token that METRICS_TOKEN holds as a bearer token.\n", { status: 401, headers });
    }
    // One team that does not answer fails the whole: sums that jump down look like a restart.
    const teams = await options.listTeams();
    const all = await Promise.all(teams.map((id) => options.team(id).readMetrics()));
    const headers = { "content-type": PROMETHEUS_TYPE, "cache-control": "no-store" };
    return new Response(writePrometheus(mergeSeries(all.flat())), { headers });
  };
}

function readBearer(request: Request): string {
  return /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
}
