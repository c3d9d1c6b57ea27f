/**
 * WebGPU for libraries that are made for browsers: Dawn's globals and `navigator.gpu`, which gives the wanted adapter however it is
 * asked. While a software adapter works, waits leave it the processor, as those of tlx do.
 */
import { create, globals } from "webgpu";

const backends = { linux: ["vulkan", "opengl"], darwin: ["metal"], win32: ["d3d12", "d3d11", "vulkan"] };

/** tlx's ways to ask for an adapter, in its order. */
const ways = [
  { flags: [], options: {} },
  { flags: [], options: { powerPreference: "high-performance" } },
  { flags: [], options: { powerPreference: "low-power" } },
  { flags: [], options: { forceFallbackAdapter: true } },
  ...(backends[process.platform] ?? []).map((name) => ({ flags: [`backend=${name}`], options: {} })),
];

const describe = ({ vendor, architecture, device, description }) => ({ vendor, architecture, device, description });
const instances = []; // one that is collected takes the process down with it

/** Gives what the adapter says about itself. Throws when none is like `wanted`. */
export async function provideGpu(wanted) {
  Object.assign(globalThis, globals);
  const same = JSON.stringify(describe(wanted));
  for (const { flags, options } of ways) {
    const instance = create(flags);
    instances.push(instance);
    const adapter = await instance.requestAdapter(options).catch(() => null);
    if (!adapter || JSON.stringify(describe(adapter.info)) !== same) continue;
    const ask = instance.requestAdapter.bind(instance);
    Object.defineProperty(instance, "requestAdapter", { value: () => ask(options) });
    const value = { gpu: instance, userAgent: "node", hardwareConcurrency: 1 };
    Object.defineProperty(globalThis, "navigator", { value, configurable: true, writable: true });
    if (isSoftware(adapter.info)) waitPolitely();
    return describe(adapter.info);
  }
  throw new Error(`expected the adapter ${same}, found no way to ask for it`);
}

const isSoftware = (info) =>
  info.isFallbackAdapter ||
  /llvmpipe|lavapipe|swiftshader|basic render|warp/i.test(
    `${info.vendor} ${info.architecture} ${info.device} ${info.description}`,
  );

/** Dawn's Node binding polls without sleeping while a promise is pending; here it sleeps as in tlx, up to 1 ms a turn. */
function waitPolitely() {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  let pending = 0;
  let turning = false;
  let since = 0;
  const turn = () => {
    turning = pending > 0;
    if (!turning) return;
    const ms = Math.min(1, (performance.now() - since) / 20);
    if (ms >= 0.05) Atomics.wait(cell, 0, 0, ms);
    setImmediate(turn);
  };
  const wrap = (prototype, name) => {
    const original = prototype[name];
    prototype[name] = function (...args) {
      const promise = original.apply(this, args);
      if (pending++ === 0) since = performance.now();
      if (!turning) setImmediate(turn);
      turning = true;
      const done = () => void pending--;
      promise.then(done, done);
      return promise;
    };
  };
  wrap(GPUQueue.prototype, "onSubmittedWorkDone");
  wrap(GPUBuffer.prototype, "mapAsync");
}
