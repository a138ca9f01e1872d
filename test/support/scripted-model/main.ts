// The scripted model as a program: `node test/support/scripted-model/main.ts [port] [host]`; prints its URL as JSON.
import { startScriptedModel } from "./server.ts";

const port = Number(process.argv[2] ?? process.env["PORT"] ?? 0);
const host = process.argv[3] ?? process.env["HOST"] ?? "127.0.0.1";
const model = await startScriptedModel({ port, host });
console.log(JSON.stringify({ url: model.url, port: model.port }));
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => void model.close().then(() => process.exit(0)));
}
