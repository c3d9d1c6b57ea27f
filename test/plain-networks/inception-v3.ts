import { map, meanOf, type PlainConv, type PlainNetwork, type Plane, relu } from "./plain-layers.js";
import { joined, maxOf, smooth } from "./plain-pools.js";

const EPS = 1e-3;
const halving = { kernel: 3, stride: 2 };

/** "64 3x3 /2": channels, kernel (height x width), perhaps stride 2 without padding, or "valid"; else padded to keep the size. */
function read(text: string): PlainConv {
  const [out, kernel, last] = text.split(" ");
  const [kh, kw] = kernel.split("x").map(Number);
  const pad = last ? 0 : ([(kh - 1) / 2, (kw - 1) / 2] as const);
  return { out: Number(out), kernel: [kh, kw], pad, stride: last === "/2" ? 2 : 1 };
}

export const inceptionV3 =
  (countsPadding: boolean): PlainNetwork =>
  (t, image) => {
    const results = new Map<string, Plane>();
    const conv = (x: Plane, name: string, text: string): Plane =>
      map(t.norm(t.conv(x, `${name}.conv`, read(text)), `${name}.bn`, EPS), relu);
    const keep = (name: string, x: Plane): Plane => {
      results.set(name, x);
      return x;
    };

    let x = conv(image, "Conv2d_1a_3x3", "32 3x3 /2");
    x = conv(x, "Conv2d_2a_3x3", "32 3x3 valid");
    x = maxOf(conv(x, "Conv2d_2b_3x3", "64 3x3"), halving);
    x = conv(x, "Conv2d_3b_1x1", "80 1x1");
    x = keep("maxpool2", maxOf(conv(x, "Conv2d_4a_3x3", "192 3x3 valid"), halving));

    /** Convolutions <branch>_1, _2, ... */
    const chain = (from: Plane, name: string, ...texts: string[]): Plane =>
      texts.reduce((y, text, i) => conv(y, `${name}_${i + 1}`, text), from);
    const pooled = (at: string, out: number): Plane =>
      conv(smooth(x, countsPadding), `${at}.branch_pool`, `${out} 1x1`);

    for (const [letter, out] of Object.entries({ b: 32, c: 64, d: 64 })) {
      const at = `Mixed_5${letter}`;
      const parts = [
        conv(x, `${at}.branch1x1`, "64 1x1"),
        chain(x, `${at}.branch5x5`, "48 1x1", "64 5x5"),
        chain(x, `${at}.branch3x3dbl`, "64 1x1", "96 3x3", "96 3x3"),
        pooled(at, out),
      ];
      x = keep(at, joined(parts));
    }
    x = keep(
      "Mixed_6a",
      joined([
        conv(x, "Mixed_6a.branch3x3", "384 3x3 /2"),
        chain(x, "Mixed_6a.branch3x3dbl", "64 1x1", "96 3x3", "96 3x3 /2"),
        maxOf(x, halving),
      ]),
    );
    for (const [letter, c] of Object.entries({ b: 128, c: 160, d: 160, e: 192 })) {
      const at = `Mixed_6${letter}`;
      const parts = [
        conv(x, `${at}.branch1x1`, "192 1x1"),
        chain(x, `${at}.branch7x7`, `${c} 1x1`, `${c} 1x7`, "192 7x1"),
        chain(x, `${at}.branch7x7dbl`, `${c} 1x1`, `${c} 7x1`, `${c} 1x7`, `${c} 7x1`, "192 1x7"),
        pooled(at, 192),
      ];
      x = keep(at, joined(parts));
    }
    x = keep(
      "Mixed_7a",
      joined([
        chain(x, "Mixed_7a.branch3x3", "192 1x1", "320 3x3 /2"),
        chain(x, "Mixed_7a.branch7x7x3", "192 1x1", "192 1x7", "192 7x1", "192 3x3 /2"),
        maxOf(x, halving),
      ]),
    );
    for (const at of ["Mixed_7b", "Mixed_7c"]) {
      const three = conv(x, `${at}.branch3x3_1`, "384 1x1");
      const double = chain(x, `${at}.branch3x3dbl`, "448 1x1", "384 3x3");
      const parts = [
        conv(x, `${at}.branch1x1`, "320 1x1"),
        conv(three, `${at}.branch3x3_2a`, "384 1x3"),
        conv(three, `${at}.branch3x3_2b`, "384 3x1"),
        conv(double, `${at}.branch3x3dbl_3a`, "384 1x3"),
        conv(double, `${at}.branch3x3dbl_3b`, "384 3x1"),
        pooled(at, 192),
      ];
      x = keep(at, joined(parts));
    }
    return results.set("logits", t.linear(meanOf(x), "fc", 1000));
  };
