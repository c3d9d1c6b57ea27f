/** The six packages as a user gets them: packed, checked, installed in an empty folder outside the repository. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeDataset } from "./support/made-files.js";
import { type Packed, pack, run, tarballOf, version } from "./support/packed.js";
import { itShared, sharedPath } from "./support/shared.js";

const root = path.resolve(import.meta.dirname, "..");
const names = ["kernels", "nn", "transfer", "web", "bench", "cli"];
const folderOf = (name: string): string => path.join(root, ...(name === "bench" ? [] : ["packages"]), name);
const tarball = (name: string): string => tarballOf(name, folder);

let folder: string;
let packed: readonly Packed[];

const execute = promisify(execFile);

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "tlx-packages-"));
  packed = await pack(names, folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(names)("@tlx/%s", (name) => {
  it("passes publint", async () => {
    const buffer = readFileSync(tarball(name));
    const bytes = buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
    const { messages, pkg } = await publint({ strict: true, pack: { tarball: bytes as ArrayBuffer } });
    expect(pkg?.name).toBe(`@tlx/${name}`);
    expect(messages.map((m) => formatMessage(m, pkg ?? {}))).toEqual([]);
  });

  it("resolves with types in every way an ESM package can", async () => {
    const attw = path.join(
      path.dirname(createRequire(import.meta.url).resolve("@arethetypeswrong/cli/package.json")),
      "dist/index.js",
    );
    const data = Object.keys(readExports(name)).filter((key) => key.endsWith(".safetensors"));
    const args = [
      "--profile",
      "esm-only",
      "--no-color",
      ...(data.length > 0 ? ["--exclude-entrypoints", ...data] : []),
    ];
    const { stdout } = await execute(process.execPath, [attw, tarball(name), ...args]);
    expect(stdout).toContain(`@tlx/${name} v${version}`);
    expect(stdout).toContain("node16 (from ESM)");
  });

  it("holds the build with its sources and licence, and nothing else", () => {
    const files = packed.find((p) => p.name === `@tlx/${name}`)!.files.map((f) => f.path);
    expect(files).toEqual(
      expect.arrayContaining(["LICENSE", "package.json", "src/index.ts", "dist/index.js", "dist/index.d.ts"]),
    );
    const expected =
      /^(LICENSE|README\.md|package\.json|bin\/tlx\.js|schema\/.*\.json|src\/.*\.ts|weights\/.*\.safetensors|dist\/.*\.(js|js\.map|d\.ts|d\.ts\.map)|(src|dist)\/page\/[a-z.]+\.(html|css|json))$/;
    expect(files.filter((f) => !expected.test(f) || /\.test\./.test(f))).toEqual([]);
    for (const map of files.filter((f) => f.endsWith(".map"))) {
      const { sources } = JSON.parse(readFileSync(path.join(folderOf(name), map), "utf8"));
      const found = sources.map((s: string) => path.posix.join(path.posix.dirname(map), s));
      expect(files, map).toEqual(expect.arrayContaining(found));
    }
  });

  it("carries the repository's licence", () => {
    const licence = (folder: string) => readFileSync(path.join(folder, "LICENSE"), "utf8");
    expect(licence(folderOf(name))).toBe(licence(root));
  });
});

describe("installed in an empty folder", () => {
  let home: string;
  beforeAll(async () => {
    home = path.join(folder, "home");
    mkdirSync(home);
    writeFileSync(path.join(home, "package.json"), JSON.stringify({ private: true, type: "module" }));
    const options = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", ["install", ...options, ...names.map(tarball)], home);
  });

  it("tlx runs", async () => {
    expect((await run("npx", ["tlx", "--version"], home)).stdout.trim()).toBe(version);
    expect((await run("npx", ["tlx", "--help"], home)).stdout).toContain("tlx train");
  });

  it("tlx bench runs, without peers", async () => {
    const bench = ["tlx", "bench", "--quick", "--json", "--filter", "^(relu|bundle)/", "--rounds", "3"];
    const file = JSON.parse((await run("npx", bench, home)).stdout);
    expect(file.commit).toBe("release");
    expect(file.results.map((r: { name: string }) => r.name)).toContain("relu/1x112x112x32/plain");
    expect(file.skipped.map((s: { reason: string }) => s.reason)).toContain(
      "bundles are measured in a checkout only, which has a bundler",
    );
    const page = readdirSync(path.join(home, "node_modules/@tlx/bench/dist/page"));
    expect(page).toEqual(expect.arrayContaining(["page.css", "page.html", "page.js", "place.json", "worker.js"]));
    const refused = await run("npx", [...bench, "--peers", "tfjs-webgpu"], home).catch((error) => error);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("run the bench in a checkout") });
  });

  itShared("the README's training runs", async () => {
    const pictures = path.join(folder, "pictures");
    for (const part of ["train/ants", "train/bees", "val/ants", "val/bees"]) {
      const from = sharedPath("data", "ants_bees", part);
      const few = readdirSync(from).sort().slice(0, 3);
      for (const name of few) cpSync(path.join(from, name), path.join(pictures, part, name));
    }
    cpSync(path.join(root, "examples", "train.mjs"), path.join(home, "train.mjs"));
    const args = ["train.mjs", sharedPath("weights", "mobilenet_v2.safetensors"), pictures, "run"];
    const env = { ...process.env, TLX_CACHE: path.join(folder, "cache") };
    expect((await execute(process.execPath, args, { cwd: home, env })).stdout).toMatch(/^20 [01]/m);
    const [picture] = readdirSync(path.join(pictures, "val/bees"));
    const predict = ["tlx", "predict", path.join(pictures, "val/bees", picture as string), "--run", "run"];
    expect((await run("npx", predict, home)).stdout).toContain("%  bees");
  });

  it("tlx train needs nothing else: the weights of tlx-nano come with it, at an address of their own", async () => {
    await madeDataset(path.join(folder, "made"), 3);
    const args = [
      "tlx",
      "train",
      path.join(folder, "made"),
      "--epochs",
      "2",
      "--cache",
      path.join(folder, "none"),
      "--json",
    ];
    const { stdout, stderr } = await run("npx", args, home);
    expect(JSON.parse(stdout)).toMatchObject({ model: "tlx-nano", classes: ["blue", "red"] });
    const print = 'console.log(import.meta.resolve("@tlx/transfer/weights/tlx-nano.safetensors"))';
    const resolved = await execute(process.execPath, ["--input-type=module", "-e", print], { cwd: home });
    expect(stderr).toContain(fileURLToPath(resolved.stdout.trim()));
  });

  it("every export loads in Node", async () => {
    const imports = exportsOf().map((name) => `await import(${JSON.stringify(name)});`);
    writeFileSync(path.join(home, "load.mjs"), imports.join("\n"));
    expect(await execute(process.execPath, ["load.mjs"], { cwd: home })).toEqual({ stdout: "", stderr: "" });
  });

  it("every export type-checks, declarations included", async () => {
    const lines = exportsOf().map((name, i) => `export * as m${i} from ${JSON.stringify(name)};`);
    writeFileSync(path.join(home, "use.ts"), lines.join("\n"));
    const tsc = path.join(root, "node_modules/typescript/bin/tsc");
    const options =
      "--noEmit --strict --module nodenext --target es2022 --lib ES2023,ESNext.Disposable,DOM --types".split(" ");
    const { stdout } = await execute(process.execPath, [tsc, ...options, "", "use.ts"], { cwd: home }).catch((e) => e);
    expect(stdout).toBe("");
  });
});

const readExports = (name: string): Readonly<Record<string, unknown>> =>
  JSON.parse(readFileSync(path.join(folderOf(name), "package.json"), "utf8")).exports;

/** "@tlx/kernels", "@tlx/kernels/grad", ... */
function exportsOf(): string[] {
  return names.flatMap((name) => {
    const modules = Object.keys(readExports(name)).filter((key) => !/\.(json|safetensors)$/.test(key));
    return modules.map((key) => `@tlx/${name}${key.slice(1)}`);
  });
}
