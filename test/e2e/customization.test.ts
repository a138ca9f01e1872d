import { describeCustomization } from "../journeys/customization.ts";

describeCustomization("process");
