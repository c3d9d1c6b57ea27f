/** What may be said beside --resume: nothing that decides what a training gives. */
import { TlxError } from "@tlx/kernels";
import { type Command, Option } from "commander";

const mayChange = ["adapter", "cache", "download", "offline", "json", "saveSteps"];

/** Of a training, not of a distillation: where its pictures and weights are now, that it may be another GPU, and what comes after. */
const ofTraining = ["weights", "otherGpu", "calibrate", "tensorboard", "report"];

/** For help and errors. */
export const resumeFlags = "--adapter, --cache, --no-cache, --download, --offline, --json and --save-steps";

export const resumeOption = (): Option =>
  new Option(
    "--resume <rundir>",
    `go on with a run that was stopped or killed; beside it only DIR and --weights, to say where its pictures and weights are now, --other-gpu, --calibrate, --tensorboard, --no-report, ${resumeFlags}`,
  );

export const otherGpuOption = (): Option =>
  new Option(
    "--other-gpu",
    "with --resume: go on though the run was begun on another GPU; its bits differ from here on",
  );

/** Options that were typed; of a pair such as --cache and --no-cache the one that counts. */
export const typedOptions = (command: Command): readonly Option[] =>
  command.options.filter((option) => {
    const name = option.attributeName();
    return command.getOptionValueSource(name) === "cli" && option.negate === (command.getOptionValue(name) === false);
  });

/** Throws E_USAGE naming every other choice that was typed. */
export function checkResumeOptions(command: Command, kind: "training" | "distillation"): void {
  const isTraining = kind === "training";
  const allowed = ["resume", ...mayChange, ...(isTraining ? ofTraining : [])];
  const typed = typedOptions(command).filter((option) => !allowed.includes(option.attributeName()));
  const extra = isTraining ? command.args.slice(1) : command.args;
  const found = [...extra.map((text) => `"${text}"`), ...typed.map((option) => option.long)];
  if (found.length === 0) return;
  const flags = isTraining
    ? `DIR, --weights, --other-gpu, --calibrate, --tensorboard, --no-report, ${resumeFlags}`
    : resumeFlags;
  throw new TlxError(
    "E_USAGE",
    `--resume: a run goes on as its config.json says, and only ${flags} may be given beside it, found ${found.join(", ")}; leave that out, or train anew`,
  );
}
