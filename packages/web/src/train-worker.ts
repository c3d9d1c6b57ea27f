/** Trains for a page: a worker's script imports it. Does nothing where there is no worker. */
import { serveTraining, type WorkerPort } from "./train/serve.js";

export { serveTraining };

declare const WorkerGlobalScope: (new () => WorkerPort) | undefined;

if (typeof WorkerGlobalScope !== "undefined" && globalThis instanceof WorkerGlobalScope) serveTraining(globalThis);
