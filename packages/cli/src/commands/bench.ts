import { constants } from "node:fs";
import { access } from "node:fs/promises";
import path from "node:path";
import type { ResultFile } from "@tlx/bench";
import type { NodeBenchOptions } from "@tlx/bench/node";
import { TlxError } from "@tlx/kernels";
import { replaceFile } from "@tlx/transfer/node";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Context } from "../context.js";
import { type AdapterOptions, addAdapterOption, jsonOption, wholeNumber } from "../options.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

type Run = Omit<NodeBenchOptions, "gpu" | "adapter">;

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
  readonly browser?: boolean;
  readonly open: boolean;
}

const help = `
Nothing is timed before its output was checked; a wrong output is reported and the exit status is 6. Contestants take turns, and
one of them takes part twice: by how much its two times differ is the noise. Weights are seeded, so none are needed.
What was measured before Ctrl-C is written and printed. Let nothing else use the machine meanwhile. Result files of two runs are compared by npm run bench:compare in a checkout.
With --browser the same is measured in a page, on the adapter that the browser gives it; its tab must stay in sight.

Examples:
  $ tlx bench --quick
  $ tlx bench --filter '^mobilenet-v2/forward' --output before.json
  $ tlx bench --filter '^(matmul|conv2d)' --peers tfjs-webgpu,ort-webgpu
  $ tlx bench --json > results.json
  $ tlx bench --browser --quick --output chrome.json`;

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
    .addOption(new Option("--browser", "measure in the default browser").conflicts("list"))
    .addOption(new Option("--no-open", "with --browser: print the page's address, open nothing"))
    .addOption(new Option("--output <file>", "write the result file too, after every case"))
    .addOption(jsonOption("the result file"));
  return addAdapterOption(command)
    .addHelpText("after", help)
    .action((options: BenchOptions) => {
      if (options.browser && command.getOptionValueSource("adapter") === "cli") {
        throw new TlxError("E_USAGE", "bench: expected no --adapter with --browser, which chooses the adapter itself");
      }
      return bench(context, options);
    });
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

async function bench(context: Context, options: BenchOptions): Promise<void> {
  const { report } = context;
  // Loaded when asked for: no other command needs references and cases.
  const { formatResults } = await import("@tlx/bench");
  const { quick, filter, rounds, settings, peers, peerTimeout, output, json, browser } = options;
  if (output !== undefined) await assertWritable(output);
  const start = performance.now();
  let unfinished: ResultFile | undefined;
  const save = async (file: ResultFile): Promise<void> => {
    if (output !== undefined) await replaceFile(output, `${JSON.stringify(file, null, 2)}\n`);
  };
  const run: Run = {
    ...{ quick, filter, rounds, settings, peers, signal: context.signal },
    peerTimeoutMs: peerTimeout === undefined ? undefined : 1000 * peerTimeout,
    onProgress: (line) => report.say(`${((performance.now() - start) / 1000).toFixed(0)} s  ${line}`),
    async onUnfinished(file) {
      unfinished = file;
      await save(file);
    },
  };
  const print = (file: ResultFile): void => (json ? report.printJson(file) : report.print(formatResults(file)));
  const measuring = browser ? inBrowser(context, options, run) : inNode(context, options, run);
  const file = await measuring.catch((error) => {
    if (unfinished && unfinished.results.length > 0) print(unfinished);
    throw error;
  });
  if (!file) return;
  await save(file);
  print(file);
  const [wrong] = file.failed;
  if (!wrong) return;
  const more = file.failed.length > 1 ? ` and ${file.failed.length - 1} more` : "";
  throw new TlxError("E_VERIFY", `bench: wrong output, not timed: ${wrong.name}${more}`);
}

/** Gives nothing where the names were printed only. */
async function inNode({ report }: Context, options: BenchOptions, run: Run): Promise<ResultFile | undefined> {
  const { benchInNode, namesInNode } = await import("@tlx/bench/node");
  return withGpu(options, async (gpu) => {
    report.field("adapter", describeAdapter(gpu));
    const about = { ...run, gpu, adapter: options.adapter };
    if (!options.list) return benchInNode(about);
    report.print(namesInNode(about).join("\n"));
    return undefined;
  });
}

async function inBrowser({ report }: Context, options: BenchOptions, run: Run): Promise<ResultFile> {
  const { benchInBrowser } = await import("@tlx/bench/node");
  return benchInBrowser({
    ...run,
    async onAddress(address) {
      report.field("page", address);
      if (!options.open) return;
      const { default: open } = await import("open");
      const opener = await open(address);
      opener.on("error", (error) => report.warn(`no browser was opened: ${error.message}; open the address yourself`));
    },
  });
}
