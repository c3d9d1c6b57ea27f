/**
 * Networks as plain loops in double, from a file's tensors in torchvision's layouts: what whole networks are compared with that
 * have no reference output. Nothing here knows tlx's graphs, ops or layouts. Tensors get values from a formula when they are
 * first asked for, so a network is also a list of the tensors that its file must have.
 */
import type { HostTensor } from "@tlx/kernels";
import { formulaTensor } from "../support/formula-weights.js";

/** Pictures [N, C, H, W]. */
export interface Plane {
  readonly shape: readonly [n: number, c: number, h: number, w: number];
  readonly data: Float64Array;
}

export interface PlainConv {
  readonly out: number;
  /** Height and width; one number for both. */
  readonly kernel: number | readonly [number, number];
  readonly stride?: number;
  readonly pad?: number | readonly [number, number];
  readonly groups?: number;
  readonly bias?: boolean;
}

export type Curve = (v: number) => number;
export const relu: Curve = (v) => (v > 0 ? v : 0);
export const relu6: Curve = (v) => Math.min(relu(v), 6);
export const hardSigmoid: Curve = (v) => relu6(v + 3) / 6;
export const hardSwish: Curve = (v) => v * hardSigmoid(v);
export const sigmoid: Curve = (v) => 1 / (1 + Math.exp(-v));
export const silu: Curve = (v) => v * sigmoid(v);

export const map = ({ shape, data }: Plane, curve: Curve): Plane => ({ shape, data: data.map((v) => curve(v)) });

export const plus = (a: Plane, b: Plane): Plane => ({ shape: a.shape, data: a.data.map((v, i) => v + b.data[i]) });

/** The mean of every channel, [N, C, 1, 1]. */
export function meanOf({ shape: [n, c, h, w], data }: Plane): Plane {
  const means = Float64Array.from({ length: n * c }, (_, i) => {
    let sum = 0;
    for (let p = 0; p < h * w; p++) sum += data[i * h * w + p];
    return sum / (h * w);
  });
  return { shape: [n, c, 1, 1], data: means };
}

/** Every channel of every picture times its gate [N, C, 1, 1]. */
export function gated({ shape, data }: Plane, gate: Plane): Plane {
  const pixels = shape[2] * shape[3];
  return { shape, data: data.map((v, i) => v * gate.data[Math.floor(i / pixels)]) };
}

/** A file's tensors, made as they are asked for. */
export class PlainTensors {
  readonly tensors: Map<string, HostTensor> = new Map();

  take(name: string, shape: readonly number[], a: number, b: number): Float32Array {
    const size = shape.reduce((x, y) => x * y, 1);
    const data = formulaTensor({ name, a, b }, size);
    this.tensors.set(name, { spec: { dtype: "f32", shape }, data });
    return data;
  }

  /** Convolution with a weight [OC, C / groups, K, K] of such a size that sums keep the size of what they are of. */
  conv(x: Plane, name: string, { out, kernel, stride = 1, pad = 0, groups = 1, bias = false }: PlainConv): Plane {
    const [n, c, h, w] = x.shape;
    const [[kh, kw], [ph, pw]] = [kernel, pad].map((v) => (typeof v === "number" ? [v, v] : v));
    const oh = Math.floor((h + 2 * ph - kh) / stride) + 1;
    const ow = Math.floor((w + 2 * pw - kw) / stride) + 1;
    const per = c / groups;
    const weight = this.take(`${name}.weight`, [out, per, kh, kw], 0, Math.sqrt(5 / (per * kh * kw)));
    const shift = bias ? this.take(`${name}.bias`, [out], 0, 0.1) : undefined;
    const y = new Float64Array(n * out * oh * ow);
    for (let at = 0; at < y.length; at++) {
      const [px, py] = [at % ow, Math.floor(at / ow) % oh];
      const oc = Math.floor(at / (ow * oh)) % out;
      const picture = Math.floor(at / (ow * oh * out));
      const first = Math.floor(oc / (out / groups)) * per;
      let sum = shift?.[oc] ?? 0;
      for (let i = 0; i < per; i++)
        for (let ky = 0; ky < kh; ky++) {
          const iy = py * stride + ky - ph;
          if (iy < 0 || iy >= h) continue;
          for (let kx = 0; kx < kw; kx++) {
            const ix = px * stride + kx - pw;
            if (ix < 0 || ix >= w) continue;
            const from = ((picture * c + first + i) * h + iy) * w + ix;
            sum += x.data[from] * weight[((oc * per + i) * kh + ky) * kw + kx];
          }
        }
      y[at] = sum;
    }
    return { shape: [n, out, oh, ow], data: y };
  }

  /** Batch norm with running statistics. */
  norm({ shape, data }: Plane, name: string, eps: number): Plane {
    const [, c, h, w] = shape;
    const weight = this.take(`${name}.weight`, [c], 1, 0.25);
    const bias = this.take(`${name}.bias`, [c], 0, 0.2);
    const mean = this.take(`${name}.running_mean`, [c], 0, 0.1);
    const variance = this.take(`${name}.running_var`, [c], 1, 0.5);
    const channelOf = (i: number): number => Math.floor(i / (h * w)) % c;
    const ended = data.map((v, i) => {
      const at = channelOf(i);
      return ((v - mean[at]) / Math.sqrt(variance[at] + eps)) * weight[at] + bias[at];
    });
    return { shape, data: ended };
  }

  /** Dense layer of every picture's row, [N, C, 1, 1] -> [N, out, 1, 1]; weight [out, in]. */
  linear({ shape: [n, c], data }: Plane, name: string, out: number): Plane {
    const weight = this.take(`${name}.weight`, [out, c], 0, Math.sqrt(3 / c));
    const bias = this.take(`${name}.bias`, [out], 0, 0.1);
    const y = Float64Array.from({ length: n * out }, (_, at) => {
      const [picture, o] = [Math.floor(at / out), at % out];
      let sum = bias[o] as number;
      for (let i = 0; i < c; i++) sum += data[picture * c + i] * weight[o * c + i];
      return sum;
    });
    return { shape: [n, out, 1, 1], data: y };
  }
}

/** What a network makes of a picture: the results of some modules, and logits. */
export type PlainNetwork = (t: PlainTensors, image: Plane) => ReadonlyMap<string, Plane>;
