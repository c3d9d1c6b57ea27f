import { map, meanOf, type PlainNetwork, type Plane, plus, relu6 } from "./plain-layers.js";

const EPS = 1e-5;

/** Channels after the stem, after every stage, and of the top, as published for the width. */
export interface Widths {
  readonly stem: number;
  readonly stages: readonly [number, number, number, number, number, number, number];
  readonly top: number;
}

const depths = [1, 2, 3, 4, 3, 3, 1];
const halving = [1, 2, 3, 5]; // stages that begin with stride 2

export const mobileNetV2 =
  ({ stem, stages, top }: Widths): PlainNetwork =>
  (t, image) => {
    const results = new Map<string, Plane>();
    let x = map(
      t.norm(t.conv(image, "features.0.0", { out: stem, kernel: 3, stride: 2, pad: 1 }), "features.0.1", EPS),
      relu6,
    );
    let module = 0;
    stages.forEach((out, stage) => {
      for (let i = 0; i < depths[stage]; i++) {
        module++;
        const conv = `features.${module}.conv`;
        const from = x.shape[1];
        const stride = i === 0 && halving.includes(stage) ? 2 : 1;
        const wide = stage === 0 ? from : 6 * from;
        const depthwise = stage === 0 ? `${conv}.0` : `${conv}.1`;
        const [last, lastNorm] = stage === 0 ? [`${conv}.1`, `${conv}.2`] : [`${conv}.2`, `${conv}.3`];
        let y = x;
        if (stage > 0) y = map(t.norm(t.conv(y, `${conv}.0.0`, { out: wide, kernel: 1 }), `${conv}.0.1`, EPS), relu6);
        const window = { out: wide, kernel: 3, stride, pad: 1, groups: wide };
        y = map(t.norm(t.conv(y, `${depthwise}.0`, window), `${depthwise}.1`, EPS), relu6);
        y = t.norm(t.conv(y, last, { out, kernel: 1 }), lastNorm, EPS);
        x = stride === 1 && from === out ? plus(x, y) : y;
        results.set(`features.${module}`, x);
      }
    });
    x = map(t.norm(t.conv(x, "features.18.0", { out: top, kernel: 1 }), "features.18.1", EPS), relu6);
    results.set("features.18", x);
    return results.set("logits", t.linear(meanOf(x), "classifier.1", 1000));
  };
