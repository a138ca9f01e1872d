import { describeMcpServers } from "../journeys/mcp-servers.ts";

describeMcpServers("process");
