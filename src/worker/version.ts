// The version that clients and /health are told: the package's own.
import packageJson from "../../package.json" with { type: "json" };

export const VERSION: string = packageJson.version;
