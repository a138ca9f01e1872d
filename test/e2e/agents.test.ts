import { describeAgents } from "../journeys/agents.ts";

describeAgents("process");
