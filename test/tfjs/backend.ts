import * as tf from "@tensorflow/tfjs";
import type { Spec } from "@tlx/kernels";

// Production mode: the CPU backend would greet on the console at its first use.
tf.enableProdMode();
await tf.setBackend("cpu");

export { tf };

export const toTensor = ({ dtype, shape }: Spec, values: ArrayLike<number>): tf.Tensor =>
  dtype === "f32"
    ? tf.tensor(Float32Array.from(values), [...shape], "float32")
    : tf.tensor(Int32Array.from(values), [...shape], "int32");
