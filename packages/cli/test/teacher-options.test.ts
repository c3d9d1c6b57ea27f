import { readFileSync } from "node:fs";
import path from "node:path";
import { type DistilSettings, defaultDistilSettings } from "@tlx/transfer";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { pretrainDefaults } from "../src/commands/pretrain.js";
import {
  addTeacherOptions,
  checkTeacherOptions,
  distilSettingsOf,
  type TeacherOptions,
} from "../src/teacher-options.js";
import { docsWith, flagOf } from "../src/train-config.js";
import { addConfigOptions } from "../src/train-options.js";

/** The command and the options of a command line. */
function parse(...args: string[]): { readonly command: Command; readonly options: TeacherOptions } {
  const command = addTeacherOptions(addConfigOptions(new Command("pretrain"), docsWith(pretrainDefaults)));
  command.exitOverride().configureOutput({ writeErr: () => {} });
  return { command, options: command.parse(args, { from: "user" }).opts() };
}

describe("options of a teacher", () => {
  it("are settings that were given, and no others", () => {
    const { command, options } = parse("--teacher", "t", "--model", "m", "--lr", "0.1", "--temperature", "3", "--half");
    expect(distilSettingsOf(options)).toEqual({ learningRate: 0.1, temperature: 3 });
    expect(() => checkTeacherOptions(command, options)).not.toThrow();
  });

  it("are all that a distillation can be told", () => {
    const names = Object.keys(defaultDistilSettings) as (keyof DistilSettings)[];
    const numbers = names.filter((name) => typeof defaultDistilSettings[name] === "number");
    const flags = numbers.flatMap((name) => [`--${flagOf(name as "epochs")}`, name === "averageDecay" ? "0.5" : "1"]);
    const { command, options } = parse("--teacher", "t", ...flags, "--schedule", "constant", "--augment", "light");
    expect(Object.keys(distilSettingsOf(options)).sort()).toEqual([...names].sort());
    expect(() => checkTeacherOptions(command, options)).not.toThrow();
  });

  it("are refused where they would do nothing", () => {
    const refusal = (...args: string[]): (() => void) => {
      const { command, options } = parse(...args);
      return () => checkTeacherOptions(command, options);
    };
    expect(refusal("--half")).toThrow("without --teacher --half would do nothing");
    expect(refusal("--teacher", "t", "--optimizer", "sgd")).toThrow("beside it --optimizer would do nothing");
    expect(refusal("--epochs", "3")).not.toThrow();
  });
});

it("docs/own-network.md tells every setting with its default", () => {
  const page = readFileSync(path.join(import.meta.dirname, "../../../docs/own-network.md"), "utf8").replace(
    /\s+/g,
    " ",
  );
  for (const [name, value] of Object.entries(defaultDistilSettings)) {
    const flag = `--${flagOf(name as "epochs")}`;
    const text = String(value).replace(".", "\\.");
    const row = new RegExp(`\\| \`${flag} [A-Z]+\` \\|[^|]*\\| ${text} \\|`);
    const listed = new RegExp(`\`${flag}\` ${text}[ ,.]`);
    // Their 0 has a meaning that docs/defaults.md tells.
    const told = ["inputSize", "saveSteps"].includes(name) && page.includes(`\`${flag}\``);
    expect(told || row.test(page) || listed.test(page), name).toBe(true);
  }
});
