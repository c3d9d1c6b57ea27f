import { map, meanOf, type PlainNetwork, type Plane, plus, relu } from "./plain-layers.js";
import { maxOf } from "./plain-pools.js";

const EPS = 1e-5;

/** Blocks of the four stages; `thick` ones have three convolutions and four times the channels. */
export const resNet =
  (depths: readonly [number, number, number, number], thick: boolean): PlainNetwork =>
  (t, image) => {
    const results = new Map<string, Plane>();
    const stem = t.norm(t.conv(image, "conv1", { out: 64, kernel: 7, stride: 2, pad: 3 }), "bn1", EPS);
    let x = maxOf(map(stem, relu), { kernel: 3, stride: 2, pad: 1 });
    results.set("maxpool", x);
    depths.forEach((depth, stage) => {
      const width = [64, 128, 256, 512][stage];
      for (let i = 0; i < depth; i++) {
        const at = `layer${stage + 1}.${i}`;
        const stride = stage > 0 && i === 0 ? 2 : 1;
        const convs = thick
          ? [
              { out: width, kernel: 1 },
              { out: width, kernel: 3, stride, pad: 1 },
              { out: 4 * width, kernel: 1 },
            ]
          : [
              { out: width, kernel: 3, stride, pad: 1 },
              { out: width, kernel: 3, pad: 1 },
            ];
        const y = convs.reduce(
          (v, conv, c) => t.norm(t.conv(c > 0 ? map(v, relu) : v, `${at}.conv${c + 1}`, conv), `${at}.bn${c + 1}`, EPS),
          x,
        );
        const first = i === 0 && (stage > 0 || thick);
        const short = first
          ? t.norm(t.conv(x, `${at}.downsample.0`, { out: y.shape[1], kernel: 1, stride }), `${at}.downsample.1`, EPS)
          : x;
        x = map(plus(y, short), relu);
      }
      results.set(`layer${stage + 1}`, x);
    });
    return results.set("logits", t.linear(meanOf(x), "fc", 1000));
  };
