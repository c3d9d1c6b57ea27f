import { constants } from "node:fs";
import { access } from "node:fs/promises";
import path from "node:path";
import type { ResultFile } from "@tlx/bench";
import { TlxError } from "@tlx/kernels";
import { replaceFile } from "@tlx/transfer/node";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Context } from "../context.js";
import { type AdapterOptions, addAdapterOption, jsonOption, wholeNumber } from "../options.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

interface BenchOptions extends AdapterOptions {
  readonly quick?: boolean;
  readonly json?: boolean;
  readonly filter?: RegExp;
  readonly peers?: readonly string[];
  readonly peerTimeout?: number;
  readonly rounds?: number;
  readonly settings?: boolean;
  readonly list?: boolean;
  readonly output?: string;
}

const help = `
Nothing is timed before its output was checked; a wrong output is reported and the exit status is 6. Contestants take turns, and
one of them takes part twice: by how much its two times differ is the noise. Weights are seeded, so none are needed.
What was measured before Ctrl-C is written and printed. Let nothing else use the machine meanwhile. Result files of two runs are compared by npm run bench:compare in a checkout.

Examples:
  $ tlx bench --quick
  $ tlx bench --filter '^mobilenet-v2/forward' --output before.json
  $ tlx bench --filter '^(matmul|conv2d)' --peers tfjs-webgpu,ort-webgpu
  $ tlx bench --json > results.json`;

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(`Expected a regular expression: ${(error as Error).message}.`);
  }
}

const parseList = (text: string): string[] =>
  text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

export function benchCommand(context: Context): Command {
  const command = new Command("bench")
    .description("Measure kernels, networks and training steps on this GPU, each after its output was checked.")
    .addOption(new Option("--quick", "a minute's worth of it"))
    .addOption(new Option("--filter <regex>", "only results whose name it matches").argParser(parsePattern))
    .addOption(new Option("--list", "print the names, measure nothing"))
    .addOption(
      new Option("--rounds <n>", "most turns of each contestant (default: 9, quick: 5)").argParser(wholeNumber(3)),
    )
    .addOption(new Option("--settings", "time every setting of every kernel variant"))
    .addOption(
      new Option("--peers <list>", "other runtimes beside tlx, with commas between; in a checkout only").argParser(
        parseList,
      ),
    )
    .addOption(
      new Option(
        "--peer-timeout <seconds>",
        "end a peer that gives no answer for so long (default: 900; compiling takes some minutes on a software adapter)",
      ).argParser(wholeNumber(1)),
    )
    .addOption(new Option("--output <file>", "write the result file too, after every case"))
    .addOption(jsonOption("the result file"));
  return addAdapterOption(command)
    .addHelpText("after", help)
    .action((options: BenchOptions) => bench(context, options));
}

/** Throws E_USAGE: minutes of measuring should not end in a folder that is not there. */
async function assertWritable(file: string): Promise<void> {
  const folder = path.dirname(path.resolve(file));
  await access(folder, constants.W_OK).catch((error) => {
    throw new TlxError(
      "E_USAGE",
      `bench: cannot write into "${folder}" for --output; make it, or name another file`,
      {},
      error,
    );
  });
}

async function bench({ report, signal }: Context, options: BenchOptions): Promise<void> {
  // Loaded when asked for: no other command needs references and cases.
  const { formatResults } = await import("@tlx/bench");
  const { benchInNode, namesInNode } = await import("@tlx/bench/node");
  const { quick, filter, rounds, settings, peers, peerTimeout, adapter, output, json, list } = options;
  if (output !== undefined) await assertWritable(output);
  const wrong = await withGpu(options, async (gpu) => {
    report.field("adapter", describeAdapter(gpu));
    const about = { gpu, quick, filter, rounds, settings, peers, signal, adapter };
    if (list) {
      report.print(namesInNode(about).join("\n"));
      return [];
    }
    const start = performance.now();
    const onProgress = (line: string): void =>
      report.say(`${((performance.now() - start) / 1000).toFixed(0)} s  ${line}`);
    let unfinished: ResultFile | undefined;
    const save = async (file: ResultFile): Promise<void> => {
      if (output !== undefined) await replaceFile(output, `${JSON.stringify(file, null, 2)}\n`);
    };
    const onUnfinished = async (file: ResultFile): Promise<void> => {
      unfinished = file;
      await save(file);
    };
    const print = (file: ResultFile): void => (json ? report.printJson(file) : report.print(formatResults(file)));
    const peerTimeoutMs = peerTimeout === undefined ? undefined : 1000 * peerTimeout;
    const running = benchInNode({ ...about, peerTimeoutMs, onProgress, onUnfinished });
    const file = await running.catch((error) => {
      if (unfinished && unfinished.results.length > 0) print(unfinished);
      throw error;
    });
    await save(file);
    print(file);
    return file.failed;
  });
  if (wrong.length === 0) return;
  const more = wrong.length > 1 ? ` and ${wrong.length - 1} more` : "";
  throw new TlxError("E_VERIFY", `bench: wrong output, not timed: ${wrong[0]!.name}${more}`);
}
