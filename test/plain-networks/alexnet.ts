import { map, type PlainNetwork, type Plane, relu } from "./plain-layers.js";
import { adapted, maxOf } from "./plain-pools.js";

const pool = { kernel: 3, stride: 2 };

export const alexNet: PlainNetwork = (t, image) => {
  const results = new Map<string, Plane>();
  const conv = (x: Plane, at: number, out: number, kernel: number, stride: number, pad: number): Plane =>
    map(t.conv(x, `features.${at}`, { out, kernel, stride, pad, bias: true }), relu);
  let x = maxOf(conv(image, 0, 64, 11, 4, 2), pool);
  x = maxOf(conv(x, 3, 192, 5, 1, 2), pool);
  x = conv(conv(conv(x, 6, 384, 3, 1, 1), 8, 256, 3, 1, 1), 10, 256, 3, 1, 1);
  x = maxOf(x, pool);
  results.set("features.12", x);
  const { shape, data } = adapted(x, 6);
  const row: Plane = { shape: [shape[0], 256 * 36, 1, 1], data };
  const hidden = map(t.linear(map(t.linear(row, "classifier.1", 4096), relu), "classifier.4", 4096), relu);
  return results.set("logits", t.linear(hidden, "classifier.6", 1000));
};
