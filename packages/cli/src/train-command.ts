/** The `tlx train` command of a configuration, to be copied into a shell. */
import { completeConfig, type TrainConfig } from "@tlx/transfer";
import { quoteForShell } from "./printable.js";
import { configDocs, flagOf } from "./train-config.js";

const defaults = Object.fromEntries(configDocs.map((d) => [d.name, d.default])) as unknown as TrainConfig;

/** Entries that `tlx train` would choose itself are left out. */
export function formatTrainCommand({ data, ...given }: Partial<TrainConfig>): string {
  const { weights = null } = given;
  const fallback = completeConfig({ weights }, defaults);
  const flags = configDocs.flatMap(({ name }) => {
    const value = (given as Partial<TrainConfig>)[name];
    if (value === undefined || value === null || (name !== "weights" && value === fallback[name])) return [];
    if (typeof value === "boolean") return [value ? `--${flagOf(name)}` : `--no-${flagOf(name)}`];
    return [`--${flagOf(name)} ${quoteForShell(String(value))}`];
  });
  return ["tlx train", ...(data ? [quoteForShell(data)] : []), ...flags].join(" ");
}
