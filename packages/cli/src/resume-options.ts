/** What may be said beside --resume: nothing that decides what a training gives. */
import { TlxError } from "@tlx/kernels";
import { type Command, Option } from "commander";

const mayChange = ["adapter", "cache", "download", "offline", "json", "saveSteps"];

/** For help and errors. */
export const resumeFlags = "--adapter, --cache, --no-cache, --download, --offline, --json and --save-steps";

export const resumeOption = (): Option =>
  new Option("--resume <rundir>", `go on with a run that was stopped or killed; beside it only ${resumeFlags}`);

/** Options that were typed; of a pair such as --cache and --no-cache the one that counts. */
export const typedOptions = (command: Command): readonly Option[] =>
  command.options.filter((option) => {
    const name = option.attributeName();
    return command.getOptionValueSource(name) === "cli" && option.negate === (command.getOptionValue(name) === false);
  });

/** Throws E_USAGE naming every other choice that was typed. */
export function checkResumeOptions(command: Command): void {
  const typed = typedOptions(command).filter((option) => !["resume", ...mayChange].includes(option.attributeName()));
  const found = [...command.args.map((text) => `"${text}"`), ...typed.map((option) => option.long)];
  if (found.length === 0) return;
  throw new TlxError(
    "E_USAGE",
    `--resume: a run goes on as its config.json says, and only ${resumeFlags} may be given beside it, found ${found.join(", ")}; leave that out, or train anew`,
  );
}
