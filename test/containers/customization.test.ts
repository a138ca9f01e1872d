import { describe } from "vitest";
import { describeCustomization } from "../journeys/customization.ts";

describe("in real containers", () => {
  describeCustomization("container");
});
