// Runs the page's own script in Node, on the adapter that the environment leaves to Vulkan; prints what came out.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { openGpu } from "@tlx/kernels/node";
import { decodePicture } from "@tlx/transfer/node";

const [script, weights, picture] = process.argv.slice(2);
const { runParity } = await import(pathToFileURL(script).href);
const gpu = await openGpu();
const run = await runParity(gpu, readFileSync(weights), [await decodePicture(picture)]);
process.stdout.write(JSON.stringify(run));
gpu.dispose();
