import path from "node:path";
import { rolldown } from "rolldown";

const virtual = "tlx-entry.ts";
const importer = path.join(import.meta.dirname, "bundle.ts");

export interface Bundle {
  readonly code: string;
  /** Files of which something is in the bundle, relative to the repository. */
  readonly files: readonly string[];
}

export interface BundleOptions {
  readonly format: "iife" | "esm";
  /** Take the packages' sources instead of their build. */
  readonly fromSource?: boolean;
}

/** Bundles the text of a module for a browser. Fails on anything that a browser could not load, a Node built-in too. */
export async function bundleForBrowser(entry: string, options: BundleOptions): Promise<Bundle> {
  const complaints: string[] = [];
  const build = await rolldown({
    input: virtual,
    platform: "browser",
    resolve: { conditionNames: [...(options.fromSource ? ["tlx-source"] : []), "browser", "import", "default"] },
    onLog: (_level, log) => complaints.push(log.message),
    plugins: [
      {
        name: "virtual-entry",
        resolveId(source, from) {
          if (source === virtual) return virtual;
          return from === virtual ? this.resolve(source, importer) : undefined;
        },
        load: (id) => (id === virtual ? entry : undefined),
      },
    ],
  });
  try {
    const { output } = await build.generate({ format: options.format, name: "bundle", exports: "named" });
    const [chunk] = output;
    complaints.push(...chunk.imports.map((name) => `not bundled: ${name}`));
    if (output.length > 1) complaints.push(`one file expected, found ${output.map((o) => o.fileName)}`);
    if (complaints.length > 0) throw new Error(`bundling ${entry}:\n${complaints.join("\n")}`);
    const root = path.resolve(import.meta.dirname, "../..");
    const files = Object.entries(chunk.modules).filter(([id, module]) => id !== virtual && module.renderedLength > 0);
    return { code: chunk.code, files: files.map(([id]) => path.relative(root, id).replaceAll("\\", "/")) };
  } finally {
    await build.close();
  }
}
