import { TlxError } from "@tlx/kernels";
import { Command, CommanderError } from "commander";
import { adviseCommand } from "./commands/advise.js";
import { benchCommand } from "./commands/bench.js";
import { calibrateCommand } from "./commands/calibrate.js";
import { compareCommand } from "./commands/compare.js";
import { demoCommand } from "./commands/demo.js";
import { diffCommand } from "./commands/diff.js";
import { doctorCommand } from "./commands/doctor.js";
import { evaluateCommand } from "./commands/evaluate.js";
import { exportCommand } from "./commands/export.js";
import { importCommand } from "./commands/import.js";
import { inspectCommand } from "./commands/inspect.js";
import { lrFindCommand } from "./commands/lr-find.js";
import { modelsCommand } from "./commands/models.js";
import { predictCommand } from "./commands/predict.js";
import { pretrainCommand } from "./commands/pretrain.js";
import { pullCommand } from "./commands/pull.js";
import { reportCommand } from "./commands/report.js";
import { trainCommand } from "./commands/train.js";
import { tuneCommand } from "./commands/tune.js";
import { verifyCommand } from "./commands/verify.js";
import type { Context } from "./context.js";
import { Exit, exitStatusOf, Finding } from "./exit.js";
import { Interrupt } from "./interrupt.js";
import { printable } from "./printable.js";
import { Report } from "./report.js";
import { version } from "./version.js";

const examples = `
Examples:
  $ tlx doctor                                   is there a GPU, and which
  $ tlx demo flowers drawn-flowers               draw pictures to train on, where there are none
  $ tlx predict photo.jpg --weights mobilenet_v2.safetensors
  $ tlx train flowers                            on tlx-nano, the small network that comes with tlx
  $ tlx train flowers --weights mobilenet_v2.safetensors
  $ tlx predict --run runs/train/flowers photo.jpg
  $ tlx advise flowers                           which network to train, and what of it should learn
  $ tlx compare flowers                          which way to train does best, and does transfer help
  $ tlx lr-find flowers                          the learning rate that suits the pictures
  $ tlx evaluate --run runs/train/flowers more-flowers
  $ tlx report runs/train/flowers                look at it: mistakes, confidence, labels, layers
  $ tlx verify runs/train/flowers
  $ tlx pretrain pictures --model my-network.mjs
  $ tlx pull resnet-50                           fetch its weights, and check them
  $ tlx import resnet18-f37072fd.pth            weights of PyTorch, NumPy or TensorFlow.js, without running them
  $ tlx export runs/train/flowers --format onnx --out flowers.onnx
  $ tlx diff mine.safetensors theirs.pth         one network twice: the first layer that differs, and why
  $ tlx tune mobilenet-v2                        find the fastest kernels for this GPU
  $ tlx bench --quick                            measure this GPU

Text for people goes to standard error, results to standard output.
Exit status: 0 ok, 1 failed or unusable weights, 2 usage, 3 unusable pictures, 4 no GPU, 5 GPU lost,
6 verification failed, 130 and 143 after SIGINT and SIGTERM.`;

function buildProgram(context: Context): Command {
  const program = new Command("tlx")
    .description("Transfer learning on the GPU: train a classifier for your own pictures on a pretrained network.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help; tlx COMMAND --help tells about a command")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText("after", examples)
    .showHelpAfterError("     tlx --help and tlx COMMAND --help tell what there is")
    .exitOverride()
    .configureOutput({ outputError: (text) => context.report.fail(restyle(text)) });
  for (const make of [
    trainCommand,
    pretrainCommand,
    adviseCommand,
    compareCommand,
    lrFindCommand,
    evaluateCommand,
    reportCommand,
    predictCommand,
    calibrateCommand,
    verifyCommand,
    diffCommand,
    inspectCommand,
    modelsCommand,
    pullCommand,
    importCommand,
    exportCommand,
    tuneCommand,
    benchCommand,
    demoCommand,
    doctorCommand,
  ]) {
    const command = make(context).copyInheritedSettings(program);
    for (const part of command.commands) part.copyInheritedSettings(command);
    program.addCommand(command);
  }
  return program;
}

/** Commander's "error: unknown option '--x'\n(Did you mean --y?)" as one sentence of ours. */
const restyle = (text: string): string =>
  text
    .trim()
    .replace(/^error: /, "")
    .replace(/\n?\(Did you mean (.*)\?\)$/, "; did you mean $1?");

/** Says what ended the command, unless that was said already. */
function explain(error: unknown, report: Report): void {
  if (process.env.TLX_DEBUG === "1" && error instanceof Error) report.say(printable(error.stack ?? String(error)));
  if (error instanceof CommanderError || error instanceof Finding) return;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof TlxError) report.fail(message.replace(/^(openGpu|train|tune|predict|advise|runs?): /, ""));
  else if (error instanceof Error && "syscall" in error) {
    report.fail(`the system refused: ${message}; check the path, its permissions and the space left there`);
  } else {
    report.fail(`internal error: ${message}\nThis is a fault of tlx. TLX_DEBUG=1 prints where it happened.`);
  }
}

/** Nobody gets the results any more: a reader that went away (tlx models | head -1) is no failure, a full disk is. */
function endForClosedOutput(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") new Report().fail(`cannot write to standard output: ${error.message}`);
  process.exit(error.code === "EPIPE" ? Exit.ok : Exit.failed);
}

/** Runs one command line; returns the exit status. */
export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<number> {
  const report = new Report();
  const interrupt = new Interrupt(report);
  if (!process.stdout.listeners("error").includes(endForClosedOutput)) process.stdout.on("error", endForClosedOutput);
  try {
    await buildProgram({ report, signal: interrupt.signal }).parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (interrupt.status !== undefined) return interrupt.status;
    explain(error, report);
    return exitStatusOf(error);
  } finally {
    interrupt.dispose();
  }
}
