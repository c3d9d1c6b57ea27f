/** Bundles for the bench page: its own files when the package is built, a peer when it is asked for. */
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { InputOptions } from "rolldown";

const CONDITIONS = "browser,import,default".split(",");
const peersFolder = fileURLToPath(new URL("../../peers/", import.meta.url));

/** One module for a browser, with all it imports. Throws an error for what a browser could not load. */
export async function bundle(input: string, options: InputOptions = {}): Promise<string> {
  const { rolldown } = await import("rolldown");
  const complaints: string[] = [];
  const build = await rolldown({
    ...{ input, platform: "browser", onLog: (_level, log) => complaints.push(log.message) },
    resolve: { conditionNames: CONDITIONS },
    ...options,
  });
  try {
    const { output } = await build.generate({ format: "esm", minify: true, comments: { legal: true } });
    const [chunk] = output;
    complaints.push(...chunk.imports.map((name) => `it still imports ${name}`));
    if (output.length > 1) complaints.push(`expected one file, found ${output.map((o) => o.fileName)}`);
    if (complaints.length > 0) throw new Error(`bundling ${input}:\n${complaints.join("\n")}`);
    return chunk.code;
  } finally {
    await build.close();
  }
}

const bundled = new Map<string, Promise<string>>();

/** A peer for a worker of the page; TensorFlow.js takes some seconds, once. */
export function bundlePeer(name: string): Promise<string> {
  const known = bundled.get(name) ?? bundle(path.join(peersFolder, `${name}-page.js`));
  bundled.set(name, known);
  return known;
}
