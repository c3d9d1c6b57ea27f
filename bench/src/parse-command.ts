/** The command line of `npm run bench`. */
import { parseArgs } from "node:util";
import { TlxError } from "@tlx/kernels";

const options = {
  seeds: { type: "string" },
  epochs: { type: "string" },
  scratch: { type: "boolean" },
  data: { type: "string" },
  weights: { type: "string" },
  nano: { type: "string" },
  adapter: { type: "string" },
} as const;
type Option = keyof typeof options;

export type BenchName = "accuracy" | "backbone" | "finetune" | "strategies" | "compare" | "page" | "readme";

/** The options that a bench uses. */
const used: Readonly<Record<BenchName, readonly Option[]>> = {
  accuracy: ["weights", "adapter"],
  backbone: ["seeds", "weights", "nano", "adapter"],
  finetune: ["data", "seeds", "epochs", "scratch", "weights", "adapter"],
  strategies: ["seeds", "weights", "adapter"],
  compare: [],
  page: [],
  readme: [],
};

export interface BenchCommand {
  /** Undefined where none is asked for. */
  readonly bench: BenchName | undefined;
  /** Of `compare` and `readme`. */
  readonly files: readonly string[];
  readonly seeds: number | undefined;
  readonly epochs: number | undefined;
  readonly scratch: boolean;
  readonly data: string | undefined;
  readonly weights: string | undefined;
  readonly nano: string | undefined;
  readonly adapter: string | undefined;
}

const refuse = (message: string): never => {
  throw new TlxError("E_USAGE", `bench: ${message}; npm run bench tells what there is`);
};

function countOf(option: Option, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  return refuse(`expected a whole number of at least 1 for --${option}, found "${text}"`);
}

function parse(
  argv: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    return refuse((error as Error).message);
  }
}

/** Throws E_USAGE for what is unknown, and for what the bench does not use: it would be left out without a word. */
export function parseCommand(argv: readonly string[]): BenchCommand {
  const { values, positionals } = parse(argv);
  const [name, ...files] = positionals;
  const benches = Object.keys(used).join(", ");
  if (name !== undefined && !Object.hasOwn(used, name)) refuse(`expected one of ${benches}, found "${name}"`);
  const bench = name as BenchName | undefined;
  const own: readonly string[] = bench === undefined ? [] : used[bench];
  const unused = Object.keys(values).find((option) => !own.includes(option));
  if (unused !== undefined) {
    const known = own.length > 0 ? own.map((option) => `--${option}`).join(", ") : "none";
    refuse(`${bench ?? "without a bench it"} has no use for --${unused}; its options: ${known}`);
  }
  const takesFiles = bench === "compare" || bench === "readme";
  if (files.length > 0 && !takesFiles) refuse(`${bench} expects options only, found "${files[0]}"`);
  const { seeds, epochs, scratch = false, data, weights, nano, adapter } = values;
  return {
    ...{ bench, files, scratch, data, weights, nano, adapter },
    seeds: countOf("seeds", seeds),
    epochs: countOf("epochs", epochs),
  };
}
