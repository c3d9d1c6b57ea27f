import {
  gated,
  hardSigmoid,
  hardSwish,
  map,
  meanOf,
  type PlainNetwork,
  type Plane,
  plus,
  relu,
} from "./plain-layers.js";

const EPS = 1e-3;

/** in, kernel, wide, out, squeezed (0: no gate), activation, stride: as Howard et al. print table 1. */
const table = `
16 3  16  16   0 RE 1
16 3  64  24   0 RE 2
24 3  72  24   0 RE 1
24 5  72  40  24 RE 2
40 5 120  40  32 RE 1
40 5 120  40  32 RE 1
40 3 240  80   0 HS 2
80 3 200  80   0 HS 1
80 3 184  80   0 HS 1
80 3 184  80   0 HS 1
80 3 480 112 120 HS 1
112 3 672 112 168 HS 1
112 5 672 160 168 HS 2
160 5 960 160 240 HS 1
160 5 960 160 240 HS 1`;

export const mobileNetV3Large: PlainNetwork = (t, image) => {
  const results = new Map<string, Plane>();
  let x = map(
    t.norm(t.conv(image, "features.0.0", { out: 16, kernel: 3, stride: 2, pad: 1 }), "features.0.1", EPS),
    hardSwish,
  );
  results.set("features.0", x);
  table
    .trim()
    .split("\n")
    .forEach((line, i) => {
      const [from, kernel, wide, out, squeezed, kind, stride] = line
        .trim()
        .split(/ +/)
        .map((v) => Number(v) || v) as number[];
      const curve = String(kind) === "RE" ? relu : hardSwish;
      const block = `features.${i + 1}.block`;
      let at = 0;
      let y = x;
      if (wide !== from) {
        y = map(t.norm(t.conv(y, `${block}.0.0`, { out: wide, kernel: 1 }), `${block}.0.1`, EPS), curve);
        at = 1;
      }
      const window = { out: wide, kernel, stride, pad: kernel === 3 ? 1 : 2, groups: wide };
      y = map(t.norm(t.conv(y, `${block}.${at}.0`, window), `${block}.${at}.1`, EPS), curve);
      at++;
      if (Number(squeezed) > 0) {
        const narrow = map(t.conv(meanOf(y), `${block}.${at}.fc1`, { out: squeezed, kernel: 1, bias: true }), relu);
        y = gated(y, map(t.conv(narrow, `${block}.${at}.fc2`, { out: wide, kernel: 1, bias: true }), hardSigmoid));
        at++;
      }
      y = t.norm(t.conv(y, `${block}.${at}.0`, { out, kernel: 1 }), `${block}.${at}.1`, EPS);
      x = stride === 1 && from === out ? plus(x, y) : y;
      results.set(`features.${i + 1}`, x);
    });
  x = map(t.norm(t.conv(x, "features.16.0", { out: 960, kernel: 1 }), "features.16.1", EPS), hardSwish);
  results.set("features.16", x);
  const hidden = map(t.linear(meanOf(x), "classifier.0", 1280), hardSwish);
  return results.set("logits", t.linear(hidden, "classifier.3", 1000));
};
