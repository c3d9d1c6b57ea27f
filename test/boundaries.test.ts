import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";
import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { bundleForBrowser } from "./support/bundle.js";

const root = path.resolve(import.meta.dirname, "..");
const arrow = ["kernels", "nn", "transfer", "web", "bench", "cli"];
const folderOf = (name: string): string => (name === "bench" ? name : `packages/${name}`);

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const manifests = new Map(
  arrow.map((name): [string, Manifest] => [
    name,
    JSON.parse(readFileSync(path.join(root, folderOf(name), "package.json"), "utf8")),
  ]),
);

interface Source {
  /** Relative to the repository: "packages/nn/src/plan.ts". */
  readonly file: string;
  readonly package: string;
  readonly code: string;
  readonly lines: number;
  readonly imports: readonly string[];
}

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");

const sources: readonly Source[] = arrow.flatMap((name) =>
  readdirSync(path.join(root, folderOf(name), "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((relative) => {
      const file = `${folderOf(name)}/src/${relative.replaceAll("\\", "/")}`;
      const text = readFileSync(path.join(root, file), "utf8");
      const code = withoutComments(text);
      const imports = [...code.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"'\n]+)["']/g)].map((m) => m[1]!);
      return { file, package: name, code, lines: text.split("\n").length - 1, imports };
    }),
);

/** Of bench the suite and the page run in a browser, and what they are made of. */
const isNodeOnly = (file: string): boolean =>
  file.startsWith("bench/")
    ? !/^bench\/src\/(suite\/|page\/|(index|peer-work|portable|web-globals\.d)\.ts$)/.test(file)
    : /^packages\/cli\/|\/node\.ts$|\/node\//.test(file);
const isBuiltin = (name: string): boolean => name.startsWith("node:") || builtinModules.includes(name.split("/")[0]!);
/** "@tlx/nn/testing" -> ["nn", "./testing"] */
const ours = (name: string): [string, string] | undefined => {
  const found = /^@tlx\/([^/]+)(.*)$/.exec(name);
  return found ? [found[1]!, `.${found[2]}`] : undefined;
};
/** The file that a relative import names: "packages/nn/src/plan.ts". */
const target = (from: Source, name: string): string =>
  path.posix.join(path.posix.dirname(from.file), name.replace(/\.js$/, ".ts"));

const leadsToNode = (from: Source, name: string): boolean => name.startsWith(".") && isNodeOnly(target(from, name));

/** Every import that breaks a rule, as "file -> import". */
const offenders = (breaks: (source: Source, name: string) => boolean): string[] =>
  sources.flatMap((source) => source.imports.filter((n) => breaks(source, n)).map((n) => `${source.file} -> ${n}`));

describe("imports", () => {
  it("are found by this test", () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.flatMap((s) => s.imports).length).toBeGreaterThan(sources.length);
  });

  it("go one way: kernels <- nn <- transfer <- web, bench <- cli", () => {
    expect(
      offenders((source, name) => {
        const to = ours(name);
        return to !== undefined && !(arrow.indexOf(to[0]) >= 0 && arrow.indexOf(to[0]) < arrow.indexOf(source.package));
      }),
    ).toEqual([]);
  });

  it("reach another package through its exports only", () => {
    expect(
      offenders((_, name) => {
        const to = ours(name);
        return to !== undefined && !manifests.get(to[0])?.exports[to[1]];
      }),
    ).toEqual([]);
  });

  it("stay inside the package's own sources and name an existing file", () => {
    expect(
      offenders((source, name) => {
        if (!name.startsWith(".")) return false;
        const file = target(source, name);
        return !file.startsWith(`${folderOf(source.package)}/src/`) || !existsSync(path.join(root, file));
      }),
    ).toEqual([]);
  });

  it("name declared dependencies only", () => {
    expect(
      offenders((source, name) => {
        if (name.startsWith(".") || isBuiltin(name)) return false;
        const { dependencies, peerDependencies, devDependencies } = manifests.get(source.package)!;
        const bundled = source.file.startsWith("bench/src/page/") ? devDependencies : {}; // the package has the bundle
        const wanted = name.split("/").slice(0, name.startsWith("@") ? 2 : 1);
        return !{ ...dependencies, ...peerDependencies, ...bundled }[wanted.join("/")];
      }),
    ).toEqual([]);
  });

  it("of browser-safe files lead to browser-safe files", () => {
    expect(
      offenders((source, name) => {
        if (isNodeOnly(source.file)) return false;
        return isBuiltin(name) || (ours(name)?.[1] ?? "") === "./node" || leadsToNode(source, name);
      }),
    ).toEqual([]);
  });
});

describe("files", () => {
  it("have at most 400 lines, data tables excepted", () => {
    const tables = ["packages/transfer/src/models/imagenet-labels.ts"];
    const long = sources.filter((s) => s.lines > 400 && !tables.includes(s.file));
    expect(long.map((s) => `${s.file}: ${s.lines}`)).toEqual([]);
  });

  it("named index.ts only re-export", () => {
    const reexports = /^(\s*export\s+(type\s+)?(\*|\{[^}]*\})\s+from\s+"[^"]+";)*\s*$/;
    const wrong = sources.filter((s) => s.file.endsWith("/index.ts") && !reexports.test(s.code));
    expect(wrong.map((s) => s.file)).toEqual([]);
  });

  it("have names that say what is in them", () => {
    const vague = /\/(utils?|helpers?|common|types|misc)\.ts$/;
    const wrong = sources.filter((s) => vague.test(s.file) || /[A-Z_]/.test(path.basename(s.file)));
    expect(wrong.map((s) => s.file)).toEqual([]);
  });
});

/** Built files that are for tests: references, cases and what runs them. */
const forTests = (files: readonly string[]): string[] =>
  files.filter((f) => /\/(reference|cases|tolerance)\.js$|\/testing\//.test(f));

const browserSafe = [
  "@tlx/kernels",
  "@tlx/kernels/grad",
  "@tlx/kernels/variants",
  "@tlx/kernels/browser",
  "@tlx/kernels/testing",
  "@tlx/nn",
  "@tlx/nn/testing",
  "@tlx/transfer",
  "@tlx/transfer/browser",
  "@tlx/web",
  "@tlx/web/element",
  "@tlx/web/train",
  "@tlx/web/train-worker",
  "@tlx/bench",
];

describe("built browser-safe surfaces", () => {
  it("are all listed here", () => {
    const all = [...manifests].flatMap(([name, { exports }]) =>
      Object.keys(exports)
        .filter((key) => !/\.(json|safetensors)$/.test(key))
        .map((key) => `@tlx/${name}${key.slice(1)}`),
    );
    const rest = all.filter((name) => !browserSafe.includes(name));
    expect(rest.sort()).toEqual(["@tlx/bench/node", "@tlx/cli", "@tlx/kernels/node", "@tlx/transfer/node"]);
  });

  it.each(browserSafe)("%s loads where there is neither Node nor a page", async (name) => {
    const { code, files } = await bundleForBrowser(`export * from ${JSON.stringify(name)};`, { format: "iife" });
    // A new context has ECMAScript alone; these are what every browser and worker has besides.
    const context = vm.createContext({ TextDecoder, TextEncoder, URL, performance, AbortController, AbortSignal });
    const exported = vm.runInContext(`${code};bundle`, context) as object;
    expect(Object.keys(exported).length).toBeGreaterThan(0);
    if (!name.endsWith("/testing") && name !== "@tlx/bench") expect(forTests(files)).toEqual([]);
  });
});

describe("a page that uses one op", () => {
  const opsOf = (files: readonly string[]): string[] =>
    [...new Set(files.flatMap((f) => /packages\/kernels\/dist\/ops\/(.+?)(?:\/|$)/.exec(f)?.[1] ?? []))].sort();

  it.each([
    ["relu", ["relu"]],
    ["conv2d", ["conv2d", "half", "matmul"]], // a 1x1 convolution is a matrix product; half packs weights
    ["maxPool", ["pool"]],
  ])("loads no other op, reference, case or gradient rule: %s", async (name, folders) => {
    const { code, files } = await bundleForBrowser(`export { ${name} } from "@tlx/kernels";`, { format: "iife" });
    expect(opsOf(files)).toEqual(folders);
    expect(forTests(files)).toEqual([]);
    expect(files.filter((f) => f.endsWith("/grad.js"))).toEqual([]);
    expect(code).toContain(`"${name}"`);
  });
});
