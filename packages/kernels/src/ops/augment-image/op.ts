/**
 * Rotates, mirrors, recolours and erases parts of pictures, each as its row of the table says (`augmentTable`).
 *
 *   rotate and flip   u[p] = x[centre + R (p' - centre)], bilinear; what lies outside is mirrored at the edge
 *   brightness        a = clamp(b u)
 *   contrast          k = clamp(m + c (a - m)), m the rounded mean of grey(a) over the picture
 *   saturation        s = clamp(g + f (k - g)), g = grey(k) = 0.299 red + 0.587 green + 0.114 blue
 *   hue               turned in HSV, value and saturation kept
 *   erase             the rectangle becomes the colour of the table
 *
 * Shapes   x u8 [N, H, W, 4], table i32 [N, 12] -> y u8 [N, H, W, 4]
 * Method   integers only, each step rounded to 8 bits: equal bits on every adapter. The first launch sums grey by parts,
 *          the second adds the parts and finishes the pixels
 * Needs    scratch of one picture and one sum per part
 * Source   the colour steps are Pillow's ImageEnhance; torchvision's ColorJitter, RandomRotation and RandomErasing
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { formatSpec, type Spec, u8, u32 } from "../../spec.js";
import { dispatch } from "../../wgsl/dispatch.js";
import { flatGroup, pixelBytes } from "../../wgsl/functions.js";
import { defineKernel, wgsl } from "../../wgsl/source.js";
import { AUGMENT_WORDS } from "./table.js";

/** Sums of grey fit a word up to 2^24 pixels, positions in 1 / 2^17 pixel far beyond this. */
const MAX_SIDE = 4096;
/** Parts of a picture, each done by a workgroup. */
const MAX_PARTS = 256;

const greyAndSum: string = wgsl`
const WORDS = 12u;
var<workgroup> lanes: array<u32, WG_X>;

fn grey(p: vec3u) -> u32 {
  return (19595u * p.r + 38470u * p.g + 7471u * p.b + 32768u) >> 16u;
}

fn workgroup_total(v: u32, local: u32) -> u32 {
  lanes[local] = v;
  workgroupBarrier();
  for (var distance = WG_X / 2u; distance > 0u; distance /= 2u) {
    if (local < distance) { lanes[local] += lanes[local + distance]; }
    workgroupBarrier();
  }
  return lanes[0];
}

fn blend(base: vec3i, colour: vec3i, factor: i32) -> vec3i {
  return clamp(base + ((factor * (colour - base) + 2048) >> vec3u(12u)), vec3i(0), vec3i(255));
}
`;

const move = /* @__PURE__ */ defineKernel({
  name: "augmentImage/plain/move",
  bindings: { x: "read u32", changes: "read i32", moved: "write u32", sums: "write u32" },
  args: { groups: "u32", parts: "u32", partSize: "u32", height: "u32", width: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatGroup, pixelBytes, greyAndSum],
  body: wgsl`
fn mirrored(at: i32, size: i32) -> u32 {
  let inner = select(at, -1 - at, at < 0);
  return u32(clamp(select(inner, 2 * size - 1 - inner, inner >= size), 0, size - 1));
}

fn pixel_at(image: u32, row: i32, column: i32) -> vec4u {
  let r = mirrored(row, i32(args.height));
  let c = mirrored(column, i32(args.width));
  return bytes_of(x[(image * args.height + r) * args.width + c]);
}

@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let flat = flat_group(group, groups);
  if (flat >= args.groups) { return; }
  let image = flat / args.parts;
  let pixels = args.height * args.width;
  let first = flat % args.parts * args.partSize;
  let end = min(first + args.partSize, pixels);
  let word = image * WORDS;
  let cosine = changes[word];
  let sine = changes[word + 1u];
  let flip = changes[word + 2u] != 0;
  let brightness = changes[word + 3u];
  let last = vec2i(i32(args.width), i32(args.height)) - 1;
  var sum = 0u;
  for (var i = first + local; i < end; i += WG_X) {
    let at = vec2i(i32(i % args.width), i32(i / args.width));
    // Twice the way from the centre is a whole number.
    let way = 2 * vec2i(select(at.x, last.x - at.x, flip), at.y) - last;
    let source = vec2i(cosine * way.x - sine * way.y, sine * way.x + cosine * way.y) + last * 65536;
    let corner = source >> vec2u(17u);
    let share = vec2u(source >> vec2u(6u)) & vec2u(2047u);
    let above = pixel_at(image, corner.y, corner.x) * (2048u - share.x) + pixel_at(image, corner.y, corner.x + 1) * share.x;
    let below = pixel_at(image, corner.y + 1, corner.x) * (2048u - share.x) + pixel_at(image, corner.y + 1, corner.x + 1) * share.x;
    let sampled = (above * (2048u - share.y) + below * share.y + (1u << 21u)) >> vec4u(22u);
    let lit = vec3u(blend(vec3i(0), vec3i(sampled.rgb), brightness));
    sum += grey(lit);
    moved[image * pixels + i] = word_of(vec4u(lit, sampled.a));
  }
  let total = workgroup_total(sum, local);
  if (local == 0u) { sums[flat] = total; }
}
`,
});

const recolour = /* @__PURE__ */ defineKernel({
  name: "augmentImage/plain/recolour",
  bindings: { moved: "read u32", sums: "read u32", changes: "read i32", y: "write u32" },
  args: { groups: "u32", parts: "u32", partSize: "u32", pixels: "u32", width: "u32" },
  workgroup: [64, 1, 1],
  functions: [flatGroup, pixelBytes, greyAndSum],
  body: wgsl`
const SIXTH = 4096u;

// The largest channel, the sector and the way into it are the colour; turning it keeps the largest and the smallest.
fn turn(p: vec3u, hue: u32) -> vec3u {
  let low = min(p.r, min(p.g, p.b));
  let high = max(p.r, max(p.g, p.b));
  let span = high - low;
  if (span == 0u || hue == 0u) { return p; }
  let red = p.r == high;
  let green = !red && p.g == high;
  let sector = select(select(4u, 2u, green), 0u, red);
  let next = select(select(p.r, p.b, green), p.g, red);
  let previous = select(select(p.g, p.r, green), p.b, red);
  let way = ((max(next, previous) - min(next, previous)) * SIXTH + span / 2u) / span;
  let place = (select((sector + 6u) * SIXTH - way, sector * SIXTH + way, next >= previous) + hue) % (6u * SIXTH);
  let step = (span * (place % SIXTH) + SIXTH / 2u) / SIXTH;
  let up = low + step;
  let down = high - step;
  switch (place / SIXTH) {
    case 0u: { return vec3u(high, up, low); }
    case 1u: { return vec3u(down, high, low); }
    case 2u: { return vec3u(low, high, up); }
    case 3u: { return vec3u(low, down, high); }
    case 4u: { return vec3u(up, low, high); }
    default: { return vec3u(high, low, down); }
  }
}

@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let flat = flat_group(group, groups);
  if (flat >= args.groups) { return; }
  let image = flat / args.parts;
  var sum = 0u;
  for (var part = local; part < args.parts; part += WG_X) { sum += sums[image * args.parts + part]; }
  let mean = (workgroup_total(sum, local) + args.pixels / 2u) / args.pixels;
  let first = flat % args.parts * args.partSize;
  let end = min(first + args.partSize, args.pixels);
  let word = image * WORDS;
  for (var i = first + local; i < end; i += WG_X) {
    let pixel = bytes_of(moved[image * args.pixels + i]);
    let contrasted = blend(vec3i(i32(mean)), vec3i(pixel.rgb), changes[word + 4u]);
    let saturated = blend(vec3i(i32(grey(vec3u(contrasted)))), contrasted, changes[word + 5u]);
    let turned = turn(vec3u(saturated), u32(changes[word + 6u]));
    let way = vec2i(i32(i / args.width), i32(i % args.width)) - vec2i(changes[word + 7u], changes[word + 8u]);
    let erased = all(way >= vec2i(0)) && way.x < changes[word + 9u] && way.y < changes[word + 10u];
    y[image * args.pixels + i] = select(word_of(vec4u(turned, pixel.a)), u32(changes[word + 11u]), erased);
  }
}
`,
});

export const augmentImage: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "augmentImage",
  infer(inputs) {
    const [x, table] = inputs as [Spec, Spec];
    check(
      inputs.length === 2 &&
        x.dtype === "u8" &&
        x.shape.length === 4 &&
        table.dtype === "i32" &&
        table.shape.length === 2 &&
        table.shape[0] === x.shape[0] &&
        table.shape[1] === AUGMENT_WORDS,
      "E_SHAPE",
      () =>
        `augmentImage: expects x u8 [N, H, W, 4] and a table i32 [N, ${AUGMENT_WORDS}], found ${inputs.map(formatSpec).join(", ")}`,
    );
    check(
      Math.max(x.shape[1]!, x.shape[2]!) <= MAX_SIDE,
      "E_SHAPE",
      () => `augmentImage: expects at most ${MAX_SIDE} pixels a side, found ${formatSpec(x)}; resize it first`,
    );
    return [x];
  },
  variants: [
    {
      name: "plain",
      fits: () => true,
      lower({ inputs }, caps) {
        const [n, height, width] = inputs[0]!.shape as [number, number, number, number];
        const pixels = height * width;
        const partSize = Math.ceil(pixels / MAX_PARTS / 64) * 64;
        const parts = Math.ceil(pixels / partSize);
        return {
          scratch: [u8(n, height, width, 4), u32(n, parts)],
          dispatches: [
            dispatch(move, caps, {
              groups: n * parts,
              bind: { x: { input: 0 }, changes: { input: 1 }, moved: { scratch: 0 }, sums: { scratch: 1 } },
              args: { groups: n * parts, parts, partSize, height, width },
            }),
            dispatch(recolour, caps, {
              groups: n * parts,
              bind: { moved: { scratch: 0 }, sums: { scratch: 1 }, changes: { input: 1 }, y: { output: 0 } },
              args: { groups: n * parts, parts, partSize, pixels, width },
            }),
          ],
        };
      },
    },
  ],
});
