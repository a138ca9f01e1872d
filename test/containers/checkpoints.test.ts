import { describe } from "vitest";
import { describeCheckpoints } from "../journeys/checkpoints.ts";

describe("in real containers", () => {
  describeCheckpoints("container");
});
