import { describe } from "vitest";
import { describeRecovery } from "../journeys/recovery.ts";

describe("in real containers", () => {
  describeRecovery("container");
});
