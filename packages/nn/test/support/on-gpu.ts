import { type Capabilities, Gpu } from "@tlx/kernels";
import { type Network, Program } from "@tlx/nn";
import { afterEach } from "vitest";
import { inputsOf } from "./small-net.js";

/** Compiles, runs and reads every output; the program is disposed. */
export async function outputsOn(
  gpu: Gpu,
  { graph, weights }: Network,
  inputs = inputsOf(graph),
): Promise<Map<string, Float32Array>> {
  const program = await Program.compile(gpu, graph, weights);
  try {
    for (const [name, data] of inputs) program.write(name, data);
    program.run();
    const names = [...graph.outputs.keys()];
    const tensors = await Promise.all(names.map((name) => program.read(name)));
    return new Map(names.map((name, i) => [name, tensors[i]!.data as Float32Array]));
  } finally {
    program.dispose();
  }
}

/** Makes Gpus on the device of another, with less than it can; they are disposed after each test of the file. */
export function guestsOf(gpu: () => Gpu): (capabilities: Partial<Capabilities>) => Gpu {
  const guests: Gpu[] = [];
  afterEach(() => {
    for (const guest of guests.splice(0)) guest.dispose();
  });
  return (capabilities) => {
    const { device, capabilities: own } = gpu();
    const guest = new Gpu(device, { variants: own.variants, capabilities });
    guests.push(guest);
    return guest;
  };
}
