/** What a page has to load: bundles of the packages for a browser, minified, with gzip; weights aside. */
import path from "node:path";
import { gzipSync } from "node:zlib";
import { TlxError } from "@tlx/kernels";
import type { SuiteCase } from "../suite/context.js";
import { checkoutRoot } from "./checkout.js";

interface PageEntry {
  /** What the page imports, by module; of one with nothing named, its effect. */
  readonly imports: Readonly<Record<string, readonly string[]>>;
  /** Bytes that it may take. */
  readonly limit: number;
}

const predict = ["loadTransferred", "mobileNetV2", "parseSafetensors", "Predictor"];

const pages: Readonly<Record<string, PageEntry>> = {
  "bundle/predict": {
    imports: { "@tlx/kernels/browser": ["openGpu"], "@tlx/transfer": predict },
    limit: 40_000,
  },
  "bundle/train": {
    imports: {
      "@tlx/kernels/browser": ["openGpu"],
      "@tlx/kernels/grad": ["basicRules"],
      "@tlx/transfer": [...predict, "MemoryFeatureStore", "trainWith"],
    },
    limit: 70_000,
  },
  "bundle/web": { imports: { "@tlx/web": ["createClassifier"] }, limit: 60_000 },
  "bundle/element": { imports: { "@tlx/web/element": [] }, limit: 65_000 },
};

const textOf = ({ imports }: PageEntry): string =>
  Object.entries(imports)
    .map(([module, names]) =>
      names.length > 0
        ? `export { ${names.join(", ")} } from ${JSON.stringify(module)};`
        : `import ${JSON.stringify(module)};`,
    )
    .join("\n");

const virtual = "tlx-entry.js";
const CONDITIONS = "browser,import,default".split(",");

/** Bytes of `text` as a page would load it. Throws E_USAGE outside of a checkout, where there is no bundler. */
async function bundledBytes(text: string): Promise<number> {
  if (checkoutRoot === undefined) {
    throw new TlxError("E_USAGE", "bundles are measured in a checkout only, which has a bundler");
  }
  const { rolldown } = await import("rolldown");
  const importer = path.join(checkoutRoot, "bench", "package.json");
  const build = await rolldown({
    input: virtual,
    platform: "browser",
    resolve: { conditionNames: CONDITIONS },
    plugins: [
      {
        name: "virtual-entry",
        resolveId(source, from) {
          if (source === virtual) return virtual;
          return from === virtual ? this.resolve(source, importer) : undefined;
        },
        load: (id) => (id === virtual ? text : undefined),
      },
    ],
  });
  try {
    const { output } = await build.generate({ format: "esm", minify: true, comments: false });
    const own = new Set(output.map(({ fileName }) => fileName));
    const outside = output.flatMap((part) => (part.type === "chunk" ? [...part.imports, ...part.dynamicImports] : []));
    const missing = outside.filter((name) => !own.has(name));
    if (missing.length > 0) throw new TlxError("E_VERIFY", `the bundle still imports ${missing.join(", ")}`);
    const bytesOf = (part: (typeof output)[number]): number =>
      gzipSync(part.type === "chunk" ? part.code : part.source, { level: 9 }).length;
    return output.reduce((sum, part) => sum + bytesOf(part), 0);
  } finally {
    await build.close();
  }
}

/** A page that uses tlx, and what it loads. */
export interface PageSize {
  /**
   * "bundle/predict": one network; "bundle/train": with its training, without the parts that only some settings need;
   * "bundle/web" and "bundle/element": every network and its checks, as a function and as an element.
   */
  readonly name: string;
  readonly bytes: number;
  /** Bytes that it may take at most. */
  readonly limit: number;
}

/** Bundles the pages of which `isWanted`, one after the other. Throws as `bundledBytes` does. */
export async function measurePages(isWanted: (name: string) => boolean = () => true): Promise<PageSize[]> {
  const sizes: PageSize[] = [];
  for (const [name, page] of Object.entries(pages)) {
    if (isWanted(name)) sizes.push({ name, bytes: await bundledBytes(textOf(page)), limit: page.limit });
  }
  return sizes;
}

export const bundleCase: SuiteCase = {
  quick: true,
  names: () => Object.keys(pages),
  async run({ isWanted }) {
    const sizes = await measurePages(isWanted);
    return { sizes: sizes.map(({ name, bytes }) => ({ name, bytes })) };
  },
};
