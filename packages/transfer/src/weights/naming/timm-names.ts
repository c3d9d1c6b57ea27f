/**
 * timm's names of the networks it builds from blocks of depthwise convolutions (MobileNetV2 and V3, EfficientNet), as
 * torchvision has them. Its other networks have torchvision's names.
 *
 *   timm         conv_stem, bn1, blocks.STAGE.BLOCK.{conv_pw, bn1, conv_dw, bn2, se, conv_pwl, bn3}, conv_head, bn2, classifier
 *   torchvision  features.N.conv.I (V2), features.N.block.I (V3), features.STAGE.BLOCK.block.I (EfficientNet), classifier.I
 *
 * Source   timm's _efficientnet_blocks, torchvision's models
 */
import { type StoredTensor, toFloat32 } from "../safetensors.js";
import type { Tensors } from "./naming.js";

type Family = "mobilenet-v2" | "mobilenet-v3" | "efficientnet";

function familyOf(names: ReadonlySet<string>): Family | undefined {
  if (!names.has("conv_stem.weight") || !names.has("blocks.0.0.conv_dw.weight")) return undefined;
  // V3 has its last convolution behind the average, without a norm.
  if (!names.has("bn2.weight")) return "mobilenet-v3";
  return [...names].some((name) => name.includes(".se.")) ? "efficientnet" : "mobilenet-v2";
}

/** Convolutions and their norms in the order in which a block applies them; "se" stands for squeeze and excitation. */
function partsOf(modules: ReadonlySet<string>): readonly (readonly [conv: string, norm: string] | "se")[] {
  const se = modules.has("se") ? (["se"] as const) : [];
  if (modules.has("conv_pwl")) return [["conv_pw", "bn1"], ["conv_dw", "bn2"], ...se, ["conv_pwl", "bn3"]];
  return [["conv_dw", "bn1"], ...se, ["conv_pw", "bn2"]];
}

/** Where the modules of a block go, by their names in it. */
function renameBlock(modules: ReadonlySet<string>, at: string, family: Family): Map<string, string> {
  if (modules.has("conv")) return new Map([...pair("conv", "bn1", `${at}.0`, `${at}.1`)]);
  const renamed = new Map<string, string>();
  const parts = partsOf(modules);
  const inner = family === "mobilenet-v2" ? `${at}.conv` : `${at}.block`;
  parts.forEach((part, i) => {
    const here = `${inner}.${i}`;
    if (part === "se") {
      renamed.set("se.conv_reduce", `${here}.fc1`).set("se.conv_expand", `${here}.fc2`);
      return;
    }
    const isLast = i === parts.length - 1;
    const flat = family === "mobilenet-v2" && isLast;
    const [conv, norm] = flat ? [here, `${inner}.${i + 1}`] : [`${here}.0`, `${here}.1`];
    for (const [from, to] of pair(part[0], part[1], conv, norm)) renamed.set(from, to);
  });
  return renamed;
}

const pair = (conv: string, norm: string, toConv: string, toNorm: string): [string, string][] => [
  [conv, toConv],
  [norm, toNorm],
];

/** The blocks in order, each with the names of its modules. */
function blocksOf(names: Iterable<string>): readonly (readonly [path: string, modules: ReadonlySet<string>])[] {
  const blocks = new Map<string, Set<string>>();
  for (const name of names) {
    const found = /^blocks\.(\d{1,3}\.\d{1,3})\.([^.]+)\./.exec(name);
    if (found) blocks.set(found[1], (blocks.get(found[1]) ?? new Set()).add(found[2]));
  }
  const order = ([path]: readonly [string, unknown]): number => {
    const [stage, block] = path.split(".").map(Number);
    return 1000 * stage + block;
  };
  return [...blocks].sort((a, b) => order(a) - order(b));
}

/** Every module by its name in timm and in torchvision. */
function modulesOf(names: ReadonlySet<string>, family: Family): Map<string, string> {
  const modules = new Map(pair("conv_stem", "bn1", "features.0.0", "features.0.1"));
  const blocks = blocksOf(names);
  blocks.forEach(([path, inside], i) => {
    const [stage, block] = path.split(".").map(Number);
    const at = family === "efficientnet" ? `features.${stage + 1}.${block}` : `features.${i + 1}`;
    for (const [from, to] of renameBlock(inside, at, family)) modules.set(`blocks.${path}.${from}`, to);
  });
  if (family === "mobilenet-v3") return modules.set("conv_head", "classifier.0").set("classifier", "classifier.3");
  const stages = new Set(blocks.map(([path]) => path.split(".")[0]));
  const top = (family === "efficientnet" ? stages.size : blocks.length) + 1;
  for (const [from, to] of pair("conv_head", "bn2", `features.${top}.0`, `features.${top}.1`)) modules.set(from, to);
  return modules.set("classifier", "classifier.1");
}

/** The convolution behind the average is a dense layer in torchvision. */
const flatten = (tensor: StoredTensor): StoredTensor =>
  tensor.shape.length === 4 ? { ...tensor, shape: tensor.shape.slice(0, 2) } : tensor;

/** timm adds 1e-5 to the variances of V3's norms, torchvision 1e-3: the difference goes into the variances. */
function shiftVariance(tensor: StoredTensor): StoredTensor {
  // What is no float is refused when it is joined.
  if (!["F32", "F16", "BF16"].includes(tensor.dtype)) return tensor;
  const values = toFloat32(tensor).map((variance) => variance + 1e-5 - 1e-3);
  return { ...tensor, dtype: "F32", bytes: new Uint8Array(values.buffer) };
}

function change(tensor: StoredTensor, name: string, family: Family): StoredTensor {
  if (family !== "mobilenet-v3") return tensor;
  if (name === "classifier.0.weight") return flatten(tensor);
  return name.endsWith(".running_var") ? shiftVariance(tensor) : tensor;
}

/** Names without a counterpart stay as they are. */
export function fromTimm(tensors: Tensors): Tensors | undefined {
  const names = new Set(tensors.keys());
  const family = familyOf(names);
  if (!family) return undefined;
  const modules = modulesOf(names, family);
  return new Map(
    [...tensors].map(([old, tensor]) => {
      const dot = old.lastIndexOf(".");
      const module = modules.get(old.slice(0, dot));
      const name = module === undefined ? old : module + old.slice(dot);
      return [name, { ...change(tensor, name, family), name }];
    }),
  );
}
