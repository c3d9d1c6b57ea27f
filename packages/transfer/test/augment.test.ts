/** Which random changes are drawn: the same everywhere, in the ranges that the presets say. */
import { type Augmentation, type AugmentName, augmentationOf, augmentPresets, drawAugmentation } from "@tlx/transfer";
import { describe, expect, it } from "vitest";
import { exactCosSin, exactExp, exactLog, roundedRoot } from "../src/augment/exact-math.js";

type Preset = Exclude<AugmentName, "none">;
const presets = Object.keys(augmentPresets) as Preset[];
const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const key = { seed: 1, epoch: 0, picture: hash, width: 500, height: 375, size: 224 };

/** All numbers of a draw in one row. */
const numbers = ({ crop, rotation, flip, brightness, contrast, saturation, hue, erase }: Augmentation): string =>
  [
    [crop.left, crop.top, crop.width, crop.height],
    [rotation.cos, rotation.sin, Number(flip)],
    [brightness, contrast, saturation, hue],
    [erase.left, erase.top, erase.width, erase.height],
  ].join(" / ");

const draws = (preset: Preset, count: number, given: Partial<typeof key> = {}): Augmentation[] =>
  Array.from({ length: count }, (_, epoch) => drawAugmentation(preset, { ...key, ...given, epoch }));

describe("exact functions", () => {
  it.each([-1.3, -0.35, -1e-9, 0, 0.2, 0.7, 1.21, 2])("exp, cos and sin of %d", (x) => {
    expect(exactExp(x)).toBeCloseTo(Math.exp(x), 14);
    expect(exactCosSin(x).cos).toBeCloseTo(Math.cos(x), 14);
    expect(exactCosSin(x).sin).toBeCloseTo(Math.sin(x), 14);
  });

  it.each([0.25, 0.75, 1, 4 / 3, 10 / 3])("log of %d", (x) => {
    expect(exactLog(x)).toBeCloseTo(Math.log(x), 12);
  });

  it("the root is rounded, halves up", () => {
    for (const root of [0, 1, 2, 7, 1000, 8191]) {
      const half = root * (root + 1) + 0.25;
      expect([root * root, half - 2 ** -26, half].map(roundedRoot)).toEqual([root, root, root + 1]);
    }
    expect(roundedRoot(0.2)).toBe(0);
  });
});

describe("draws", () => {
  it.each(table())("%s, epoch %i of %i x %i", (preset, epoch, width, height, expected) => {
    expect(numbers(drawAugmentation(preset, { ...key, epoch, width, height }))).toBe(expected);
  });

  it("depend on seed, epoch and picture, and on nothing else", () => {
    const others = [{}, { seed: 2 }, { epoch: 1 }, { picture: hash.replace("9", "8") }, { picture: `${hash}0` }];
    const found = others.map((other) => numbers(drawAugmentation("strong", { ...key, ...other })));
    expect(new Set(found).size).toBe(others.length);
    expect(new Set(draws("strong", 2000).map(numbers)).size).toBe(2000);
    expect(others.map((other) => numbers(drawAugmentation("strong", { ...key, ...other })))).toEqual(found);
  });

  it.each(presets)("%s: every range is filled evenly and never left", (name) => {
    const preset = augmentPresets[name];
    const count = 4000;
    const drawn = draws(name, count, { width: 1000, height: 1000 });
    const within = (values: readonly number[], low: number, high: number): void => {
      const reach = 0.02 * (high - low);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(low - 1e-3);
      expect(Math.max(...values)).toBeLessThanOrEqual(high + 1e-3);
      expect(Math.min(...values)).toBeLessThanOrEqual(low + reach);
      expect(Math.max(...values)).toBeGreaterThanOrEqual(high - reach);
    };
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / count;
    for (const what of ["brightness", "contrast", "saturation"] as const) {
      const values = drawn.map((d) => d[what] / 4096);
      within(values, 1 - preset[what], 1 + preset[what]);
      expect(Math.abs(mean(values) - 1)).toBeLessThanOrEqual(0.03 * preset[what] + 1e-9);
    }
    within(
      drawn.map((d) => d.hue / 24576),
      -preset.hue,
      preset.hue,
    );
    within(
      drawn.map(({ rotation: { cos, sin } }) => (Math.atan2(sin, cos) * 180) / Math.PI),
      -preset.rotation,
      preset.rotation,
    );
    expect(Math.abs(mean(drawn.map((d) => Number(d.flip))) - preset.flip)).toBeLessThan(0.03);
    expect(Math.abs(mean(drawn.map((d) => Number(d.erase.width > 0))) - preset.erase.probability)).toBeLessThan(0.03);

    const shares = drawn.map(({ crop }) => (crop.width * crop.height) / 1e6);
    const ratios = drawn.map(({ crop }) => Math.log(crop.width / crop.height) / Math.log(preset.crop.ratio));
    const [least, most] = preset.crop.scale;
    expect(Math.min(...shares)).toBeGreaterThan(least - 0.005);
    expect(Math.max(...shares)).toBeLessThanOrEqual(most);
    expect(Math.abs(mean(shares) - meanShare(least, most, preset.crop.ratio))).toBeLessThan(0.02 * (most - least));
    expect(Math.max(...ratios.map(Math.abs))).toBeLessThan(1.02);
    expect(Math.abs(mean(ratios))).toBeLessThan(0.04);
    const places = drawn.map(({ crop }) => [crop.left / (1000 - crop.width), crop.top / (1000 - crop.height)]);
    for (const axis of [0, 1]) {
      const at = places.map((place) => place[axis]!).filter(Number.isFinite);
      expect(Math.abs(at.reduce((a, b) => a + b, 0) / at.length - 0.5)).toBeLessThan(0.03);
    }
  });

  it("what is erased has the shares and ratios of the preset and lies inside", () => {
    const { scale, ratio } = augmentPresets.strong.erase;
    const boxes = draws("strong", 4000).flatMap(({ erase }) => (erase.width > 0 ? [erase] : []));
    for (const { left, top, width, height } of boxes) {
      expect(Math.min(left, top, 224 - left - width, 224 - top - height)).toBeGreaterThanOrEqual(0);
      expect((width * height) / 224 ** 2).toBeGreaterThan(scale[0] * 0.95);
      expect((width * height) / 224 ** 2).toBeLessThan(scale[1] * 1.05);
      expect(Math.abs(Math.log(height / width))).toBeLessThan(Math.log(ratio) + 0.1);
    }
    expect(Math.max(...boxes.map((b) => b.height / b.width))).toBeGreaterThan(2.5);
    expect(Math.max(...boxes.map((b) => b.width / b.height))).toBeGreaterThan(2.5);
  });

  it.each([
    [1, 1],
    [1, 2000],
    [2000, 1],
    [2, 3],
    [3, 100_000],
    [20_000, 5],
  ])("parts of a picture of %i x %i lie inside it", (width, height) => {
    for (const preset of presets) {
      for (const { crop } of draws(preset, 50, { width, height })) {
        expect(Math.min(crop.width, crop.height)).toBeGreaterThan(0);
        expect(Math.min(crop.left, crop.top)).toBeGreaterThanOrEqual(0);
        expect(crop.left + crop.width).toBeLessThanOrEqual(width);
        expect(crop.top + crop.height).toBeLessThanOrEqual(height);
      }
    }
  });

  it("a picture in which nothing fits gives the largest part of its middle", () => {
    const long = { ...key, width: 3, height: 1000 };
    expect(drawAugmentation("light", long).crop).toEqual({ left: 0, top: 498, width: 3, height: 4 });
    expect(drawAugmentation("light", { ...long, width: 1000, height: 3 }).crop).toMatchObject({ left: 498, width: 4 });
  });

  it("refuse what is no whole number", () => {
    expect(() => drawAugmentation("light", { ...key, seed: 0.5 })).toThrow(/found 0.5 and 0/);
    expect(() => drawAugmentation("light", { ...key, epoch: -1 })).toThrow(/found 1 and -1/);
    expect(() => drawAugmentation("light", { ...key, width: 0 })).toThrow(/found 0 x 375 to 224/);
  });
});

describe("augmentationOf", () => {
  const sides = { width: 500, height: 375, size: 224 };

  it("is nothing where pictures stay as they are", () => {
    expect(augmentationOf({ augment: "none", views: 0, seed: 1 }, 3, hash, sides)).toBeUndefined();
  });

  it("draws anew every epoch, or takes views in turn", () => {
    const of = (views: number): (Augmentation | undefined)[] =>
      Array.from({ length: 6 }, (_, epoch) =>
        augmentationOf({ augment: "standard", views, seed: 1 }, epoch, hash, sides),
      );
    const fresh = draws("standard", 6);
    expect(of(0)).toEqual(fresh);
    expect(of(3)).toEqual([...fresh.slice(0, 3), ...fresh.slice(0, 3)]);
    expect(of(1)).toEqual(Array(6).fill(fresh[0]));
  });
});

/** Mean share of a square that is drawn: a share s is drawn again where its ratio does not fit, |log ratio| > -log s. */
function meanShare(least: number, most: number, ratio: number): number {
  let weighed = 0;
  let weight = 0;
  for (let i = 0; i < 10_000; i++) {
    const s = least + ((most - least) * (i + 0.5)) / 10_000;
    const fits = Math.min(1, -Math.log(s) / Math.log(ratio));
    weighed += s * fits;
    weight += fits;
  }
  return weighed / weight;
}

function table(): [Preset, number, number, number, string][] {
  return [
    ["light", 0, 500, 375, "11,10,482,365 / 65536,0,0 / 4348,4210,4096,0 / 0,0,0,0"],
    ["light", 7, 500, 375, "53,5,443,359 / 65536,0,1 / 4142,3802,4096,0 / 0,0,0,0"],
    ["standard", 0, 500, 375, "19,20,468,354 / 65535,-313,0 / 4599,4325,3532,-309 / 0,0,0,0"],
    ["standard", 1, 240, 320, "81,133,158,163 / 65531,-834,0 / 4631,4450,4777,365 / 0,0,0,0"],
    ["standard", 1000, 1, 1, "0,0,1,1 / 64642,-10790,0 / 3925,4721,4854,-5 / 0,0,0,0"],
    ["strong", 0, 500, 375, "23,26,461,348 / 65533,-626,0 / 5102,4553,2968,-1543 / 0,0,0,0"],
    ["strong", 1, 500, 375, "313,158,183,188 / 65515,-1668,0 / 5166,4804,5459,1824 / 0,0,0,0"],
    ["strong", 2, 1, 2000, "0,999,1,1 / 62209,20615,1 / 4262,4179,5660,1650 / 0,0,0,0"],
    ["strong", 3, 6000, 4000, "25,229,4878,3704 / 63244,-17180,1 / 4394,4164,3765,-2019 / 0,0,0,0"],
    ["strong", 4, 333, 500, "17,187,208,191 / 63639,-15656,1 / 3617,4487,2862,-1653 / 82,56,98,140"],
    ["strong", 5, 500, 375, "86,24,301,283 / 63824,14884,1 / 5445,3515,5603,858 / 0,0,0,0"],
  ];
}

/** docs/augmentation.md */
function page(): string {
  const percent = (v: number): string => `${Math.round(100 * v)} %`;
  const around = (v: number): string => (v === 0 ? "as it is" : `${(1 - v).toFixed(1)} to ${(1 + v).toFixed(1)}`);
  const ratio = (v: number): string => `${(1 / v).toFixed(2)} to ${v.toFixed(2)}`;
  const rows: [string, (preset: (typeof augmentPresets)[Preset]) => string][] = [
    ["for", ({ doc }) => doc],
    ["part of the picture's area", ({ crop: { scale } }) => `${percent(scale[0])} to ${percent(scale[1])}`],
    ["its width : height", ({ crop }) => ratio(crop.ratio)],
    ["rotation", ({ rotation }) => (rotation === 0 ? "as it is" : `up to ${rotation}° either way`)],
    ["left and right exchanged", ({ flip }) => percent(flip)],
    ["brightness, factor", ({ brightness }) => around(brightness)],
    ["contrast, factor", ({ contrast }) => around(contrast)],
    ["saturation, factor", ({ saturation }) => around(saturation)],
    ["hue, share of the circle", ({ hue }) => (hue === 0 ? "as it is" : `up to ${hue} either way`)],
    [
      "a rectangle is erased",
      ({ erase: { probability, scale, ratio: most } }) =>
        probability === 0
          ? "never"
          : `${percent(probability)}: ${percent(scale[0])} to ${percent(scale[1])} of the area, height : width ${ratio(most)}`,
    ],
  ];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return `# Random changes of training pictures

\`augment\` chooses how much the pictures of the training set are changed each time they are seen; those to measure on never
are. \`none\`, the default, changes nothing.

${line(["", ...presets.map((name) => `\`${name}\``)])}
${line(Array(presets.length + 1).fill("---"))}
${rows.map(([what, cell]) => line([what, ...presets.map((name) => cell(augmentPresets[name]))])).join("\n")}

Every preset exchanges left and right: choose \`none\` where that changes the meaning, as with text or the side of a heart.

## What happens, in order

1. A part of the picture is drawn and resized to the square of the network (torchvision's \`RandomResizedCrop\`, bilinear and
   antialiased). It takes the place of the centre crop. A picture so long that no part of an allowed ratio fits gives the
   largest one of its middle.
2. It is turned about its centre (\`RandomRotation\`, bilinear); what comes in from outside is mirrored at the edge.
3. Left and right are exchanged (\`RandomHorizontalFlip\`).
4. Brightness, contrast, saturation and hue change (\`ColorJitter\`), always in this order.
5. A rectangle becomes the mean colour of the preprocessing, which the network sees as 0 (\`RandomErasing\`).

Then come the mean and the standard deviation of the preprocessing, as without augmentation.

## What is the same everywhere

All decisions come from an integer hash of \`seed\`, the epoch and the SHA-256 of the picture's file, and from arithmetic that
rounds alike in every JavaScript engine. They do not depend on the order of the pictures, the batch or the machine. The
pixels are computed in integers, on the GPU: they are equal bit for bit on every adapter. Only the division by the standard
deviation is in floats and may differ between adapters in the last bit.

## Views

With \`views\` 0 every epoch sees a picture changed anew. With \`views\` k the k changes of the first epochs are taken in turn,
so that the features of the frozen part can be kept.

This page is made from the table of presets: \`npx vitest run packages/transfer/test/augment.test.ts -u\`.
`;
}

it("docs/augmentation.md is in step", async () => {
  await expect(page()).toMatchFileSnapshot("../../../docs/augmentation.md");
});
