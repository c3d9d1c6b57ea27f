/**
 * jax-js on its WebGPU backend: every work is one jitted function of arrays with channels first, which is what its convolution takes.
 * Arrays are counted references: `x.ref` is one more, and what takes an array uses one up.
 */
import { readFileSync } from "node:fs";
import { cannot } from "../cannot.js";
import { provideGpu } from "../gpu.js";
import { permute, toChannelsFirst, toChannelsLast, toOutputsFirst, toOutputsLast, transpose } from "../layout.js";
import { ops } from "./ops.js";

export async function openJax(wanted) {
  const adapter = await provideGpu(wanted); // it looks for navigator.gpu when it is started
  const jax = await import("@jax-js/jax");
  const found = await jax.init("webgpu");
  if (!found.includes("webgpu")) throw new Error("jax-js: the webgpu backend did not start");
  jax.defaultDevice("webgpu");
  const prepares = { kernel: prepareKernel, forward: prepareForward };
  const prepare = (work) => (prepares[work.kind] ?? cannot("a training step is not written for jax-js"))(jax, work);
  return { version: installedVersion(), adapter, prepare };
}

/** The module does not say, its package.json does. */
function installedVersion() {
  const file = new URL("../package.json", import.meta.resolve("@jax-js/jax"));
  return JSON.parse(readFileSync(file, "utf8")).version;
}

/** Which input of an op, and whether its output, is the weight of a convolution. */
const weightInputs = {
  conv2d: [1],
  depthwiseConv2d: [1],
  expandDepthwise: [1, 2],
  conv2dInputGrad: [1],
  depthwiseConv2dInputGrad: [1],
};
const weightOutputs = new Set(["conv2dWeightGrad", "depthwiseConv2dWeightGrad"]);

function arrayOf({ numpy }, { shape, dtype }, data, isWeight) {
  const axes = isWeight ? toOutputsFirst : toChannelsFirst;
  const turned = shape.length === 4;
  const numbers = turned ? transpose(data, shape, axes) : data;
  const values = dtype === "f32" ? Float32Array.from(numbers) : Int32Array.from(numbers);
  return numpy.array(values, { shape: turned ? permute(shape, axes) : [...shape] });
}

/** The numbers of `array`, which is used up, in tlx's order. */
async function take(array, { shape }, isWeight) {
  const data = await array.data();
  if (shape.length !== 4) return data;
  const [to, from] = isWeight ? [toOutputsFirst, toOutputsLast] : [toChannelsFirst, toChannelsLast];
  return transpose(data, permute(shape, to), from);
}

function prepareKernel(jax, work) {
  const { op, params, inputs: specs, outputs: results } = work;
  const apply = ops[op] ?? cannot(`jax-js: ${op} is not mapped`);
  const sets = work.inputSets.map((set) =>
    set.map((data, i) => arrayOf(jax, specs[i], data, weightInputs[op]?.includes(i) ?? false)),
  );
  const run = jax.jit((...arrays) => {
    const made = [apply(jax, arrays, params, { specs, results })].flat();
    for (const array of arrays) array.dispose();
    return made;
  });
  const outputs = async (found) => {
    const entries = [...found.entries()];
    return new Map(
      await Promise.all(entries.map(async ([i, a]) => [String(i), await take(a, results[i], weightOutputs.has(op))])),
    );
  };
  return asWork(jax, run, sets, outputs);
}

function prepareForward(jax, { network, inputSets }) {
  const { specs, inputs, weights, nodes, outputs: wanted } = network;
  const unknown = nodes.find(({ op }) => !ops[op]);
  if (unknown) cannot(`jax-js: ${unknown.op} at "${unknown.path}" is not mapped`);
  const kernels = new Set(nodes.flatMap(({ op, inputs: read }) => (weightInputs[op] ?? []).map((i) => read[i])));
  const constants = [...weights.values()].map(({ value, data }) =>
    arrayOf(jax, specs.get(value), data, kernels.has(value)),
  );
  const sets = inputSets.map((set) => [
    ...[...inputs].map(([name, value]) => arrayOf(jax, specs.get(value), set.get(name), false)),
    ...constants.map((array) => array.ref),
  ]);
  for (const array of constants) array.dispose();
  const read = [...inputs.values(), ...[...weights.values()].map(({ value }) => value)];
  const run = jax.jit((...arrays) => {
    const values = new Map(arrays.map((array, i) => [read[i], array]));
    for (const { op, params, inputs: from, outputs: to } of nodes) {
      const about = { specs: from.map((v) => specs.get(v)), results: to.map((v) => specs.get(v)) };
      const found = ops[op](
        jax,
        from.map((v) => values.get(v)),
        params,
        about,
      );
      values.set(to[0], [found].flat()[0]);
    }
    const made = [...wanted.values()].map((value) => values.get(value).ref);
    for (const array of values.values()) array.dispose();
    return made;
  });
  const outputs = async (found) => {
    const named = [...wanted];
    return new Map(
      await Promise.all(named.map(async ([name, value], i) => [name, await take(found[i], specs.get(value), false)])),
    );
  };
  return asWork(jax, run, sets, outputs);
}

function asWork(jax, run, sets, outputs) {
  const device = jax.getWebGPUDevice();
  const start = (set) => run(...sets[set].map((array) => array.ref));
  let pending = [];
  const settle = async () => {
    await jax.blockUntilReady(pending); // work is lazy: this submits it, and what was disposed of before never runs
    await device.queue.onSubmittedWorkDone();
    for (const array of pending) array.dispose();
    pending = [];
  };
  return {
    sets: sets.length,
    outputs: () => outputs(start(0)),
    enqueue(set) {
      pending.push(...start(set));
    },
    settle,
    dispose() {
      for (const array of sets.flat()) array.dispose();
    },
  };
}
