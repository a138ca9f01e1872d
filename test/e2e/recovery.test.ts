import { describeRecovery } from "../journeys/recovery.ts";

describeRecovery("process");
