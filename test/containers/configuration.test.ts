import { describeConfiguration } from "../journeys/configuration.ts";

describeConfiguration("container");
