// In CI these run as one file: each file loads the Worker's modules into workerd anew, and that takes longer than its tests.
import "../mcp-servers.test.ts";
import "../model-gateway.test.ts";
import "../mcp-tokens.test.ts";
import "../permission-requests.test.ts";
