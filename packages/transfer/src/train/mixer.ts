import { f32, mixSamples, u32, type Value } from "@tlx/kernels";
import { GraphBuilder, type Network } from "@tlx/nn";

/** Mixes `batch` pictures of `size` pixels a side in pairs, as `drawMixing` says. Apart: trainings that mix none do not load it. */
export function mixerOf(batch: number, size: number): Network {
  const b = new GraphBuilder();
  const inputs = [
    b.input("image", f32(batch, size, size, 3)),
    b.input("partner", u32(batch)),
    b.input("share", f32(batch)),
    b.input("box", u32(batch, 4)),
  ];
  const [mixed] = b.apply(mixSamples, inputs, {}, "mixing") as [Value];
  b.output("mixed", mixed);
  return { graph: b.finish(), weights: new Map() };
}
