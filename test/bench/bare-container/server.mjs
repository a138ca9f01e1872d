// The least that can answer from inside a container.
import { createServer } from "node:http";

createServer((_request, response) => response.end("ok")).listen(8080, "0.0.0.0");
