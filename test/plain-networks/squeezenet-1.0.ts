import { map, meanOf, type PlainNetwork, type Plane, relu } from "./plain-layers.js";
import { joined, maxOf } from "./plain-pools.js";

const pool = { kernel: 3, stride: 2, ceil: true };

export const squeezeNet10: PlainNetwork = (t, image) => {
  const results = new Map<string, Plane>();
  const fire = (x: Plane, at: number, squeeze: number, expand: number): Plane => {
    const name = `features.${at}`;
    const s = map(t.conv(x, `${name}.squeeze`, { out: squeeze, kernel: 1, bias: true }), relu);
    const one = map(t.conv(s, `${name}.expand1x1`, { out: expand, kernel: 1, bias: true }), relu);
    const three = map(t.conv(s, `${name}.expand3x3`, { out: expand, kernel: 3, pad: 1, bias: true }), relu);
    const y = joined([one, three]);
    results.set(name, y);
    return y;
  };
  let x = map(t.conv(image, "features.0", { out: 96, kernel: 7, stride: 2, bias: true }), relu);
  x = maxOf(x, pool);
  results.set("features.2", x);
  x = fire(fire(fire(x, 3, 16, 64), 4, 16, 64), 5, 32, 128);
  x = maxOf(x, pool);
  x = fire(fire(fire(fire(x, 7, 32, 128), 8, 48, 192), 9, 48, 192), 10, 64, 256);
  x = fire(maxOf(x, pool), 12, 64, 256);
  return results.set("logits", meanOf(map(t.conv(x, "classifier.1", { out: 1000, kernel: 1, bias: true }), relu)));
};
