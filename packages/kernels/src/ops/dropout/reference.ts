import type { Reference } from "../../testing/record.js";
import type { DropoutParams } from "./op.js";

/** Avalanche of 32 bits, in BigInt so that it shares no arithmetic with the kernel. */
function avalanche(value: bigint): bigint {
  const word = (v: bigint): bigint => v & 0xffffffffn;
  const first = word((value ^ (value >> 16n)) * 0x7feb352dn);
  const second = word((first ^ (first >> 15n)) * 0x846ca68bn);
  return second ^ (second >> 16n);
}

export const referenceDropout: Reference<DropoutParams> = ([x, step], { params: { rate, seed } }) => {
  const key = avalanche(BigInt(seed) ^ avalanche(BigInt(step![0]!)));
  const limit = rate * 2 ** 32;
  return [x!.map((v, i) => (Number(avalanche(key ^ avalanche(BigInt(i)))) + 1 > limit ? v / (1 - rate) : 0))];
};
