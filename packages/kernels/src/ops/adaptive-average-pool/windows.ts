/**
 * Windows of adaptive pooling, as PyTorch lays them: output o of O covers elements [floor(o * I / O), ceil((o + 1) * I / O))
 * of I. Where O does not divide I they overlap; where O is larger than I, elements are in several.
 */
import { wgsl } from "../../wgsl/source.js";

/** Both ways: what output `at` covers, and, with the extents swapped, the outputs that cover element `at`. */
export const spanOf: string = wgsl`
fn span_of(at: u32, extent: u32, others: u32) -> vec2u {
  return vec2u(at * others / extent, ((at + 1u) * others + extent - 1u) / extent);
}
`;

export const sizeArgTypes = {
  channels: "u32",
  height: "u32",
  width: "u32",
  outHeight: "u32",
  outWidth: "u32",
} as const;

/** Arguments of pictures [N, H, W, C] and [N, OH, OW, C] for a kernel that takes `wide` channels at once. */
export function sizeArgs(
  [, height, width, channels]: readonly number[],
  [, outHeight, outWidth]: readonly number[],
  wide: number,
): Readonly<Record<keyof typeof sizeArgTypes, number>> {
  return {
    channels: channels! / wide,
    height: height!,
    width: width!,
    outHeight: outHeight!,
    outWidth: outWidth!,
  };
}
