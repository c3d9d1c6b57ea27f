/** ONNX Runtime: its native CPU package, or its web one with the WebGPU backend on Dawn. It has no gradients. */
import { cannot } from "../cannot.js";
import { provideGpu } from "../gpu.js";
import { permute, toChannelsFirst, toChannelsLast, transpose } from "../layout.js";
import { networkOf } from "../one-node.js";
import { modelOf } from "./model.js";

/** On the CPU, with a thread for each core. */
export async function openOrtNode() {
  const { default: ort } = await import("onnxruntime-node");
  const about = { ort, options: { executionProviders: ["cpu"] }, channelsLast: false, device: () => undefined };
  return { version: ort.env.versions.node, adapter: undefined, prepare: (work) => prepare(about, work) };
}

export async function openOrtWebgpu(wanted) {
  const adapter = await provideGpu(wanted);
  const { writeBuffer } = GPUQueue.prototype;
  // Dawn's binding refuses views of shared memory, which the heap of the runtime is.
  GPUQueue.prototype.writeBuffer = function (buffer, offset, data, ...rest) {
    const copied = data?.buffer instanceof SharedArrayBuffer ? data.slice() : data;
    return writeBuffer.call(this, buffer, offset, copied, ...rest);
  };
  const ort = await import("onnxruntime-web/webgpu");
  ort.env.wasm.numThreads = 1;
  const options = {
    executionProviders: ["webgpu"],
    preferredOutputLocation: "gpu-buffer",
    // What WebGPU cannot do is refused, where it would be done on the processor without a word.
    extra: { session: { disable_cpu_ep_fallback: true } },
  };
  const device = async () => (await ort.env.webgpu.device) ?? cannot("ONNX Runtime opened no WebGPU device");
  const about = { ort, options, channelsLast: true, device };
  return { version: ort.env.versions.web, adapter, prepare: (work) => prepare(about, work) };
}

/** Weights are part of a model, so every input set of a kernel has its own. */
async function prepare(about, work) {
  if (work.kind === "kernel") {
    const made = [];
    for (const set of work.inputSets) {
      const { network, inputs } = networkOf(work, set);
      made.push(await openModel(about, network, [inputs]));
    }
    return together(made);
  }
  if (work.kind !== "forward") cannot("ONNX Runtime does not train");
  return openModel(about, work.network, work.inputSets);
}

/** Work on one set each, as one work. */
function together(made) {
  return {
    sets: made.length,
    outputs: () => made[0].outputs(),
    enqueue: (set) => made[set].enqueue(0),
    settle: () => made[0].settle(),
    dispose: async () => void (await Promise.all(made.map((m) => m.dispose()))),
  };
}

async function openModel({ ort, options, channelsLast, device: deviceOf }, network, inputSets) {
  const session = await ort.InferenceSession.create(modelOf(network, channelsLast), options);
  const device = await deviceOf();
  const buffers = [];
  const feed = (data, shape) => {
    const turned = shape.length === 4 && !channelsLast;
    const dims = turned ? permute(shape, toChannelsFirst) : shape;
    const numbers = turned ? transpose(data, shape, toChannelsFirst) : data;
    if (!device) return new ort.Tensor("float32", numbers, dims);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    const buffer = device.createBuffer({ size: Math.max(16, numbers.byteLength), usage });
    device.queue.writeBuffer(buffer, 0, numbers);
    buffers.push(buffer);
    return ort.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims });
  };
  const shapeOf = (name) => network.specs.get(network.inputs.get(name)).shape;
  const feeds = inputSets.map((set) =>
    Object.fromEntries([...set].map(([name, data]) => [`in:${name}`, feed(data, shapeOf(name))])),
  );
  return {
    sets: feeds.length,
    async outputs() {
      const found = await session.run(feeds[0]);
      const outputs = new Map();
      for (const [name, value] of network.outputs) {
        const tensor = found[`out:${name}`];
        const { shape } = network.specs.get(value);
        const turned = shape.length === 4 && !channelsLast;
        const expected = turned ? permute(shape, toChannelsFirst) : shape;
        if (String(tensor.dims) !== String(expected))
          cannot(`output ${name} has shape [${tensor.dims}], not [${expected}]`);
        const data = await tensor.getData(true);
        outputs.set(name, turned ? transpose(data, expected, toChannelsLast) : data);
      }
      return outputs;
    },
    async enqueue(set) {
      const found = await session.run(feeds[set]);
      for (const tensor of Object.values(found)) tensor.dispose();
    },
    settle: async () => void (await device?.queue.onSubmittedWorkDone()),
    async dispose() {
      await session.release();
      for (const buffer of buffers) buffer.destroy();
    },
  };
}
