import { describeMainJob } from "../journeys/main-job.ts";

describeMainJob("process");
