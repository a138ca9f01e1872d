import { describeCheckpoints } from "../journeys/checkpoints.ts";

describeCheckpoints("process");
