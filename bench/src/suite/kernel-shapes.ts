/** The problems that kernels are timed on: the bench cases of the registry, and heavy ones of real networks. */
import { f32, type Problem } from "@tlx/kernels";
import { type AnyRecord, type Case, records } from "@tlx/kernels/testing";

// biome-ignore lint/suspicious/noExplicitAny: cases of every op.
type AnyCase = Case<any>;

export interface KernelShape {
  /** "conv2d/8x56x56x64-64-3x3" */
  readonly name: string;
  readonly record: AnyRecord;
  readonly case: AnyCase;
  /** Part of a quick run. */
  readonly quick: boolean;
  /** Not on a software adapter, where it takes minutes. */
  readonly hardware: boolean;
}

const join = (shape: readonly number[]): string => shape.join("x");
const stridesOf = (params: unknown): string => {
  const [y, x] = (params as { readonly stride?: readonly number[] }).stride ?? [1, 1];
  return y === 1 && x === 1 ? "" : `-s${y === x ? y : `${y}x${x}`}`;
};

/** Extents as people write them: of a convolution those of its input, its channels and its window, whatever is computed. */
export function describeShape(op: string, { inputs, outputs, params }: Problem<unknown>): string {
  const [a, b] = inputs.map(({ shape }) => shape) as [readonly number[], readonly number[]];
  const result = outputs[0]!.shape;
  const window = (x: readonly number[], w: readonly number[]): string =>
    op.startsWith("depthwise")
      ? `${join(x)}-${w[0]}x${w[1]}${stridesOf(params)}`
      : `${join(x)}-${w[3]}-${w[0]}x${w[1]}${stridesOf(params)}`;
  if (op === "conv2d" || op === "depthwiseConv2d") return window(a, b);
  if (op === "conv2dInputGrad" || op === "depthwiseConv2dInputGrad") return window(result, b);
  if (op === "conv2dWeightGrad" || op === "depthwiseConv2dWeightGrad") return window(a, result);
  if (op === "depthwiseConv2dGrads") return window(inputs[2]!.shape, b);
  if (op === "expandDepthwise") {
    const [kh, kw] = inputs[2]!.shape;
    return `${join(a)}-${b[3]}-${b[0]}x${b[1]}-${kh}x${kw}${stridesOf(params)}`;
  }
  if (op === "matmul") return `${a[0]}x${a[1]}x${b[1]}`;
  if (op === "matmulTransposeA") return `${a[1]}x${a[0]}x${b[1]}`;
  if (op === "matmulTransposeB") return `${a[0]}x${a[1]}x${b[0]}`;
  return join(a);
}

interface Layer {
  readonly x: readonly [number, number, number, number];
  readonly out: number;
  readonly window: number;
  readonly stride?: number;
  readonly hardware?: true;
}

/** Layers of ResNets and MobileNetV2 at batch 8. */
const layers: readonly Layer[] = [
  { x: [8, 56, 56, 64], out: 64, window: 3 },
  { x: [8, 28, 28, 128], out: 128, window: 3, hardware: true },
  { x: [8, 14, 14, 256], out: 256, window: 3 },
  { x: [8, 7, 7, 512], out: 512, window: 3, hardware: true },
  { x: [8, 28, 28, 192], out: 64, window: 1 },
  { x: [8, 56, 56, 64], out: 256, window: 1, hardware: true },
  { x: [8, 56, 56, 24], out: 144, window: 1 },
  { x: [8, 14, 14, 576], out: 96, window: 1 },
  { x: [8, 7, 7, 320], out: 1280, window: 1 },
];

const depthwiseLayers: readonly Omit<Layer, "out" | "window">[] = [
  { x: [8, 56, 56, 144] },
  { x: [8, 14, 14, 576] },
  { x: [8, 112, 112, 96], stride: 2 },
];

const squares = [256, 512, 1024];
const HUGE_SQUARE = 4096;

/** The three ops of a convolution without bias; of a depthwise one both gradients at once too. */
function casesOf({ x, out, window, stride = 1 }: Layer, depthwise: boolean): ReadonlyMap<string, AnyCase> {
  const [n, h, w, c] = x;
  const side = (window - 1) / 2;
  const halved = (extent: number): number => Math.floor((extent + 2 * side - window) / stride) + 1;
  const geometry = { stride: [stride, stride], pad: [side, side, side, side], dilation: [1, 1] };
  const params = depthwise ? geometry : { ...geometry, groups: 1 };
  const weight = f32(window, window, depthwise ? 1 : c, out);
  const [image, y] = [f32(...x), f32(n, halved(h), halved(w), out)];
  const name = depthwise ? "depthwiseConv2d" : "conv2d";
  const made = (inputs: AnyCase["inputs"], more: object): AnyCase => ({
    ...{ name: "", tags: ["bench"], inputs },
    params: { ...params, ...more },
  });
  return new Map([
    [name, made([image, weight], { activation: "none" })],
    [`${name}InputGrad`, made([y, weight], { inputSize: [h, w] })],
    [`${name}WeightGrad`, made([image, y], { kernel: [window, window] })],
    ...(depthwise ? [[`${name}Grads`, made([y, weight, image], {})] as const] : []),
  ]);
}

const productCases = (side: number): ReadonlyMap<string, AnyCase> => {
  const made = (params: object): AnyCase => ({
    ...{ name: "", tags: ["bench"], inputs: [f32(side, side), f32(side, side)] },
    params,
  });
  return new Map([
    ["matmul", made({ activation: "none" })],
    ["matmulTransposeA", made({})],
    ["matmulTransposeB", made({})],
  ]);
};

const quickShapes = new Set([
  "matmul/256x256x256",
  "matmulTransposeA/256x256x256",
  "conv2d/8x28x28x192-64-1x1",
  "depthwiseConv2d/8x14x14x576-3x3",
  "relu/1x112x112x32",
]);

/** All, each under a name of its own: the registry's bench cases first. */
export function kernelShapes(): KernelShape[] {
  const found = new Map<string, KernelShape>();
  const add = (record: AnyRecord, c: AnyCase, hardware = false): void => {
    const outputs = record.op.infer(c.inputs, c.params);
    const shape = `${record.op.name}/${describeShape(record.op.name, { inputs: c.inputs, outputs, params: c.params })}`;
    const taken = found.get(shape);
    // Equal shapes with other parameters are told apart by the name of the case.
    if (taken && c.name === "") return;
    const name = taken ? `${shape}-${c.name}` : shape;
    found.set(name, { name, record, case: { ...c, name }, quick: quickShapes.has(name), hardware });
  };
  for (const record of records) for (const c of record.cases) if (c.tags.includes("bench")) add(record, c);
  const addAll = (cases: ReadonlyMap<string, AnyCase>, hardware = false): void => {
    for (const [op, c] of cases) add(records.find((r) => r.op.name === op)!, c, hardware);
  };
  for (const layer of layers) addAll(casesOf(layer, false), layer.hardware);
  for (const layer of depthwiseLayers) addAll(casesOf({ ...layer, out: layer.x[3], window: 3 }, true));
  for (const side of squares) addAll(productCases(side));
  addAll(productCases(HUGE_SQUARE), true);
  return [...found.values()];
}
