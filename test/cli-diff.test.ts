/** `tlx diff` as people and programs run it. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { HostTensor } from "@tlx/kernels";
import { uniformFanIn } from "@tlx/nn";
import {
  buildFeatureGraph,
  buildTransferGraph,
  exportTensors,
  findModel,
  foldNorms,
  type LoadedBackbone,
  loadBackbone,
  parseSafetensors,
  type StoredTensor,
  sha256,
  writeSafetensors,
} from "@tlx/transfer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stateDict, torchZip, whole } from "../packages/transfer/test/made-pickle.js";
import { madePicture, madeWeights } from "./support/made-files.js";
import { type Outcome, tlx } from "./support/tlx.js";

const shipped = path.resolve(import.meta.dirname, "../packages/transfer/weights/tlx-nano.safetensors");
const model = findModel("tlx-nano");
const moved = "blocks.3.depthwise.conv.weight";

let dir: string;
const at = (...parts: readonly string[]): string => path.join(dir, ...parts);
const diff = (...args: readonly string[]): Promise<Outcome> => tlx(["diff", ...args], { cwd: dir });
const json = ({ stdout }: Outcome) => JSON.parse(stdout);

/** tlx-nano with a head of three classes, as tlx train leaves it. */
async function makeRun({ form, weights }: LoadedBackbone): Promise<void> {
  const graph = buildTransferGraph(model, { batch: 1, form, classes: 3, hidden: 0 });
  const heads = [...graph.params].filter(([name]) => !weights.has(name));
  const all = new Map([
    ...weights,
    ...heads.map(([name, { spec }]): [string, HostTensor] => [name, uniformFanIn(spec, 1280, 1, name)]),
  ]);
  const bytes = writeSafetensors(exportTensors(all));
  const description = {
    ...{ format: "tlx-model", version: 1, architecture: "tlx-nano", batchNorm: form, classes: ["a", "b", "c"] },
    ...{ hidden: 0, preprocess: model.preprocess, weightsSha256: await sha256(bytes) },
  };
  await mkdir(at("run/model"), { recursive: true });
  await writeFile(at("run/model/model.safetensors"), bytes);
  await writeFile(at("run/model/model.json"), JSON.stringify(description));
}

const asTorch = (tensors: readonly StoredTensor[]): Uint8Array =>
  torchZip(
    stateDict(Object.fromEntries(tensors.map((t, i) => [t.name, whole(`${i}`, t.shape)]))),
    Object.fromEntries(tensors.map((t, i) => [`${i}`, t.bytes])),
  );

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-diff-"));
  const backbone = loadBackbone(model, parseSafetensors(await readFile(shipped)));
  const { weights, form } = backbone;
  const { spec, data } = weights.get(moved)!;
  const other = new Map(weights).set(moved, { spec, data: Float32Array.from(data, (v, i) => (i === 7 ? v + 1 : v)) });
  const tensors = exportTensors(weights);
  await writeFile(at("other.safetensors"), writeSafetensors(exportTensors(other)));
  await writeFile(at("net.pth"), asTorch([...tensors.values()]));
  const folded = foldNorms({ graph: buildFeatureGraph(model, { batch: 1, form }), weights });
  await writeFile(at("folded.safetensors"), writeSafetensors(exportTensors(folded)));
  const part = [...tensors].filter(([name]) => !name.startsWith("stem."));
  await writeFile(at("part.safetensors"), writeSafetensors(new Map(part)));
  const early = [...tensors].filter(([name]) => !/^(top|blocks\.1[4-6])\./.test(name));
  await writeFile(at("early.safetensors"), writeSafetensors(new Map(early)));
  await writeFile(at("squeeze.safetensors"), madeWeights("squeezenet-1.1"));
  await writeFile(at("photo.png"), await madePicture(1, [180, 40, 20]));
  await makeRun(backbone);
});
afterAll(() => rm(dir, { recursive: true }));

describe("two files", () => {
  it("that are the same in other formats end with 0", async () => {
    const [torch, folded] = await Promise.all([
      diff(shipped, "net.pth"),
      diff("folded.safetensors", shipped, "--json"),
    ]);
    expect([torch.status, torch.stdout], torch.stderr).toEqual([
      0,
      expect.stringMatching(/^(\d+) tensors: \1 same\n(\d+) layers: \2 same\nequal: the same numbers everywhere\n$/),
    ]);
    expect([folded.status, json(folded)]).toMatchObject([
      0,
      { equal: true, model: "tlx-nano", b: { what: expect.stringContaining("batch norm folded") } },
    ]);
  });

  it("that differ end with 1, and the first layer is named with the tensors behind it", async () => {
    const [text, machine] = await Promise.all([
      diff(shipped, "other.safetensors", "--picture", "photo.png"),
      diff(shipped, "other.safetensors", "--json"),
    ]);
    expect([text.status, machine.status]).toEqual([1, 1]);
    expect(text.stderr).not.toContain("tlx:");
    expect(text.stdout).toMatch(/^blocks\.3\.depthwise\.conv\.weight +F16 .* \/ F32 .*DIFFERS .* 1 of 648$/m);
    expect(text.stdout).toMatch(
      /different: first at layer blocks\.3\.depthwise\.conv, computed by .*depthwiseConv2d\n/,
    );
    expect(text.stdout).toMatch(/its tensors that differ: blocks\.3\.depthwise\.conv\.weight \(/);
    const found = json(machine);
    expect(found).toMatchObject({ equal: false, divergence: { path: "blocks.3.depthwise.conv", tensors: [moved] } });
    expect(found.tensors.filter(({ likeness }: { likeness: string }) => likeness === "far")).toMatchObject([
      { name: moved, distance: { unlike: 1, absolute: expect.closeTo(1, 2) } },
    ]);
    const first = found.layers.findIndex(({ likeness }: { likeness: string }) => likeness !== "same");
    expect(found.layers[first].path).toBe("blocks.3.depthwise.conv");
  });

  it("of which one ends early are compared as far as it goes", async () => {
    const { status, stdout, stderr } = await diff(shipped, "early.safetensors", "--json");
    expect(status, stderr).toBe(1);
    const { layers, tensors, b } = JSON.parse(stdout);
    expect(b.what).toContain("up to blocks.13");
    expect(layers.at(-1)).toMatchObject({ path: "blocks.13", likeness: "same" });
    expect(tensors.filter(({ likeness }: { likeness: string }) => likeness === "only A").length).toBeGreaterThan(10);
  });

  it("of which one has no beginning are compared by tensors, and it says so", async () => {
    const { status, stdout, stderr } = await diff(shipped, "part.safetensors", "--model", "tlx-nano");
    expect(status).toBe(1);
    expect(stdout).toMatch(/^stem\.conv\.weight +F16 \[16, 3, 3, 3\] \/ - +ONLY IN A/m);
    expect(stdout).toMatch(/different: first tensor stem\./);
    expect(stderr).toContain("only tensors were compared");
  });

  it("need no GPU for their tensors", async () => {
    const env = { VK_DRIVER_FILES: "/nonexistent", VK_ICD_FILENAMES: "/nonexistent", TLX_ADAPTER: "" };
    const { status, stdout } = await tlx(["diff", shipped, "net.pth", "--tensors-only"], { cwd: dir, env });
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/^(\d+) tensors: \1 same\nequal: the same numbers everywhere\n$/),
    ]);
  });
});

describe("two runtimes", () => {
  it.each(["plain", "reference"])("%s gives what predictions compute, within the tolerance", async (against) => {
    const found = await diff("tlx-nano", "--against", against, "--tolerance", "1e-5", "--json");
    expect([found.status, json(found).equal], found.stderr).toEqual([0, true]);
    const { layers } = json(found);
    expect(layers.length).toBeGreaterThan(10);
    expect(layers.some(({ likeness }: { likeness: string }) => likeness === "near")).toBe(true);
  });

  it.each([
    ["onnx", /onnxruntime-web 1/],
    ["tfjs", /tfjs 4/],
  ])("tlx and the one an export as %s is for agree module by module", async (format, runtime) => {
    const exported = await tlx(["export", "run", "--format", format, "--out", `out-${format}`, "--no-check"], {
      cwd: dir,
    });
    expect(exported.status, exported.stderr).toBe(0);
    const found = await diff("run", `out-${format}`, "--json");
    expect(found.status, found.stderr).toBe(0);
    const { layers, b } = json(found);
    expect(b.runtime).toMatch(runtime);
    const paths = layers.map(({ path }: { path: string }) => path);
    for (const wanted of ["stem.conv", "stem", "blocks.4.expand.conv", "blocks.9", "avgpool", "logits"]) {
      expect(paths).toContain(wanted);
    }
  });
});

it("says what it cannot compare", async () => {
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[shipped], 2, /expected a second file or run to compare with, or --against RUNTIME/],
    [[shipped, "nowhere"], 2, /found nothing at "nowhere"/],
    [[shipped, "squeeze.safetensors"], 2, /found tlx-nano in .* and squeezenet-1\.1 in/],
    [[shipped, "photo.png"], 1, /photo\.png: .*not safetensors/],
    [["part.safetensors", "--model", "tlx-nano", "--against", "plain"], 1, /expected tlx-nano from its first layer on/],
    [[shipped, "net.pth", "--tolerance", "little"], 2, /Expected a number of at least 0/],
  ];
  const found = await Promise.all(cases.map(([args]) => diff(...args)));
  for (const [i, [, status, message]] of cases.entries()) {
    expect([found[i]?.status, found[i]?.stderr]).toEqual([status, expect.stringMatching(message)]);
  }
});
