/** Numbers given to patterns: "features.3.**=0.5, features.0.0.weight[0:8]=0". */
import { TlxError } from "@tlx/kernels";
import { type Pattern, parsePattern } from "./pattern.js";

export interface Assignment {
  readonly pattern: Pattern;
  /** Output channels from `from` to before `to`; left out where the whole param is meant. */
  readonly channels?: { readonly from: number; readonly to: number };
  readonly value: number;
  /** As it was typed. */
  readonly text: string;
}

export interface AssignmentRules {
  readonly setting: string;
  /** What a value may be, as an error says it. */
  readonly expected: string;
  holds(value: number): boolean;
  /** May output channels be named? */
  readonly channels: boolean;
}

const decimal = /^(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

function parseAssignment(text: string, rules: AssignmentRules): Assignment {
  const { setting, expected, holds } = rules;
  const refuse = (found: string): never => {
    const form = rules.channels ? '"pattern=value" or "pattern[from:to]=value"' : '"pattern=value"';
    throw new TlxError("E_USAGE", `${setting}: expected ${form}, ${found}`);
  };
  const parts = /^([^=[]*)(\[[^=]*)?=([^=]*)$/.exec(text);
  if (!parts) return refuse(`found "${text}"`);
  const [, path, range, number] = parts.map((part) => part?.trim());
  const value = decimal.test(number!) ? Number(number) : Number.NaN;
  if (!holds(value)) refuse(`with ${expected} as value, found "${number}" in "${text}"`);
  const pattern = parsePattern(path!, setting);
  if (range === undefined) return { pattern, value, text };
  const ends = rules.channels && /^\[\s*(\d+)\s*:\s*(\d+)\s*\]$/.exec(range);
  if (!ends) return refuse(`found "${range}" in "${text}"`);
  const channels = { from: Number(ends[1]), to: Number(ends[2]) };
  if (channels.from >= channels.to) refuse(`found a range without channels in "${text}"`);
  return { pattern, channels, value, text };
}

/** Throws E_USAGE. */
export function parseAssignments(list: string, rules: AssignmentRules): Assignment[] {
  if (list.trim() === "") return [];
  return list.split(",").map((text) => parseAssignment(text.trim(), rules));
}
