import { describeMcpServers } from "../journeys/mcp-servers.ts";

describeMcpServers("container");
