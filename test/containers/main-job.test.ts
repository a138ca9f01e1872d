import { describe } from "vitest";
import { describeMainJob } from "../journeys/main-job.ts";

describe("in real containers [sandbox.container]", () => {
  describeMainJob("container");
});
