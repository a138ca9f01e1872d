import { describeInputs } from "../journeys/inputs.ts";

describeInputs("container");
