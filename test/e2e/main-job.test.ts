import { describe } from "vitest";
import { describeMainJob } from "../journeys/main-job.ts";

describe("as plain processes [sandbox.process]", () => {
  describeMainJob("process");
});
