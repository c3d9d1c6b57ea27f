import type { Network } from "@tlx/nn";
import type { TfjsRuntime } from "./open-tfjs.js";
import { tfjsForward } from "./tfjs-forward.js";

/** A network on one input, as a contestant. */
export interface TfjsLogits {
  run(): Promise<void>;
  logits(): Promise<Float32Array>;
  dispose(): void;
}

/** Uploads the weights once; the function makes a contestant for an input of `batch` pictures. */
export function tfjsLogits(
  { tf, settle, take }: TfjsRuntime,
  network: Network,
): (input: Float32Array, batch: number) => TfjsLogits {
  const forward = tfjsForward(tf, network, "logits");
  return (input, batch) => {
    const image = tf.tensor(input, [batch, 224, 224, 3]);
    return {
      async run() {
        const result = tf.tidy(() => forward(image));
        await settle();
        result.dispose();
      },
      async logits() {
        const result = tf.tidy(() => forward(image));
        await settle();
        return take(result);
      },
      dispose: () => image.dispose(),
    };
  };
}
