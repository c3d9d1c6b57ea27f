import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { defaultTrainSettings, runConfig, settingsOf, type TrainConfig } from "@tlx/transfer";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pretrainDefaults } from "../src/commands/pretrain.js";
import { type ConfigDoc, checkEntry, configDocs, docsWith, flagOf, resolveConfig } from "../src/train-config.js";
import { addConfigOptions, configFromOptions } from "../src/train-options.js";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-config-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

function writeConfig(content: unknown): string {
  const file = path.join(dir, "config.json");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

/** The configuration of a command line. */
const parse = (...args: string[]): ReturnType<typeof configFromOptions> => {
  const command = addConfigOptions(new Command("train").exitOverride().configureOutput({ writeErr: () => {} }));
  return configFromOptions(command.parse(args, { from: "user" }).opts());
};

describe("help", () => {
  it("has every entry once, under a heading", () => {
    const help = addConfigOptions(new Command("train")).helpInformation();
    const [, options = ""] = help.split("Network and pictures:");
    const flags = options.match(/^ {2}--[a-z-]+/gm)?.map((flag) => flag.trim().slice(2));
    const wanted = configDocs.filter(({ name }) => name !== "data").map(({ name }) => flagOf(name));
    expect(flags?.filter((flag) => !flag.startsWith("no-")).sort()).toEqual(wanted.sort());
    expect(options).not.toContain("(default: )");
  });
});

describe("a configuration", () => {
  it("has the trainer's defaults", async () => {
    const config = await resolveConfig({});
    expect(settingsOf(config)).toEqual(defaultTrainSettings);
    expect(config).toMatchObject({ data: null, model: null, weights: null, split: 0.2 });
  });

  it("takes a flag before the file and the file before the default", async () => {
    const file = writeConfig({ epochs: 7, batch: 9 });
    const config = await resolveConfig(parse("--epochs", "3"), file);
    expect([config.epochs, config.batch, config.seed]).toEqual([3, 9, defaultTrainSettings.seed]);
  });

  it("is what config.json of a run gives again", async () => {
    const config = await resolveConfig(parse("--lr", "0.5", "--optimizer", "sgd", "--nesterov"));
    const file = writeConfig(runConfig({ ...config, data: "pictures" }, { tlx: "0.1.0" }));
    expect(await resolveConfig({}, file)).toEqual({ ...config, data: "pictures" });
    expect((await resolveConfig(parse("--no-nesterov"), file)).nesterov).toBe(false);
  });

  it.each([
    [{ epoch: 3 }, 'there is no "epoch"; did you mean "epochs"?'],
    [{ lr: 3 }, 'there is no "lr"; did you mean "learningRate"?'],
    [{ weight_decay: 3 }, 'did you mean "weightDecay"?'],
    [{ modle: "x" }, 'did you mean "model"?'],
    [JSON.parse('{"__proto__": 1}'), 'there is no "__proto__"'],
    [{ epochs: "3" }, 'expected epochs to be a whole number of at least 1, found "3"'],
    [{ nesterov: 1 }, "expected nesterov to be true or false, found 1"],
    [{ optimizer: "adam" }, 'expected optimizer to be "adamw" or "sgd", found "adam"'],
    [{ split: 1 }, "expected split to be a number above 0 and below 1, found 1"],
    [{ model: 3 }, "expected model to be the name of a network, the path of a module or null, found 3"],
    [{ weights: 3 }, "expected weights to be a path, none or null, found 3"],
    [[], "expected an object"],
    ["null", "expected an object"],
    ["{epochs: 3}", "expected JSON"],
  ])("refuses the file %j", async (content, message) => {
    const refused = resolveConfig({}, writeConfig(content));
    await expect(refused).rejects.toMatchObject({ code: "E_USAGE", message: expect.stringContaining(message) });
    await expect(refused).rejects.toThrow("config.json");
  });

  it("lets everything learn where there are no weights, unless told otherwise", async () => {
    expect(await resolveConfig(parse("--weights", "none"))).toMatchObject({ unfreeze: "all", batchNorm: "train" });
    const file = writeConfig({ weights: "none", unfreeze: "last:2" });
    expect(await resolveConfig({}, file)).toMatchObject({ unfreeze: "last:2", batchNorm: "train" });
    expect(await resolveConfig({})).toMatchObject({ unfreeze: "head", batchNorm: "freeze" });
  });

  it("takes other defaults, and still the flag and the file before them", async () => {
    const docs = docsWith(pretrainDefaults);
    const file = writeConfig({ batch: 9 });
    expect(await resolveConfig(parse("--epochs", "3"), file, docs)).toMatchObject({
      ...{ ...pretrainDefaults, epochs: 3, batch: 9, warmupEpochs: 0.3 },
    });
    await expect(resolveConfig(parse("--epochs", "3", "--warmup-epochs", "4"), file, docs)).rejects.toThrow("warmup");
  });

  it("refuses a file that is not there and entries that contradict each other", async () => {
    await expect(resolveConfig({}, path.join(dir, "none.json"))).rejects.toThrow("found none (ENOENT)");
    await expect(resolveConfig(parse("--nesterov"))).rejects.toMatchObject({ code: "E_USAGE" });
  });
});

describe("flags", () => {
  it.each(configDocs.filter((doc) => doc.name !== "data"))("--$name takes its default and gives it", (doc) => {
    const flag = `--${flagOf(doc.name)}`;
    if (doc.default === null) expect(parse(flag, "a/b")).toEqual({ [doc.name]: "a/b" });
    else if (doc.default === false) expect(parse(flag)).toEqual({ [doc.name]: true });
    else expect(parse(flag, String(doc.default))).toEqual({ [doc.name]: doc.default });
    checkEntry(doc.name, doc.default);
  });

  it("take numbers in decimal only, within their bounds", () => {
    expect(parse("--lr", "1e-3", "--epochs", "12", "--dropout", ".5")).toEqual({
      ...{ learningRate: 0.001, epochs: 12, dropout: 0.5 },
    });
    for (const text of ["0", "-1", "1.5", "", " ", "x", "0x10", "Infinity", "99999999999999999999"])
      expect(() => parse("--epochs", text), text).toThrow("Expected a whole number of at least 1.");
    for (const text of ["0", "-1", "NaN", "1x"])
      expect(() => parse("--lr", text), text).toThrow("Expected a number above 0.");
    expect(() => parse("--schedule", "cosin")).toThrow("Allowed choices are constant, cosine, one-cycle.");
  });
});

/** docs/defaults.md: every entry with its flag. */
function defaultsPage(docs: readonly ConfigDoc[], pretrain: Partial<TrainConfig>): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const rows = docs.map((doc) => {
    const flag = doc.name === "data" ? "`DIR`" : `\`--${flagOf(doc.name)}\``;
    const value = `\`${JSON.stringify(doc.default)}\` ${doc.unit}`.trim();
    const cells = [`\`${doc.name}\``, flag, value, doc.doc, doc.expected];
    return `| ${cells.map(cell).join(" | ")} |`;
  });
  return `# Defaults of \`tlx train\`

A flag comes before an entry of \`--config FILE\`, which comes before the default. \`tlx train --print-config\` prints the whole
configuration as such a file; \`config.json\` of a run is one too. In the library the entries from \`epochs\` on are
\`TrainSettings\`.

This page is made from the table that the command reads: \`npx vitest run packages/cli/test/train-config.test.ts -u\`.

| entry | flag | default | what it is | what it may be |
|---|---|---|---|---|
${rows.join("\n")}

## Of networks that begin from nothing

With \`--weights none\` the defaults of \`unfreeze\` and \`batchNorm\` are \`"all"\` and \`"train"\`. \`tlx pretrain\` takes the same
options, and these defaults:

| entry | default |
|---|---|
${Object.entries(pretrain)
  .map(([name, value]) => `| \`${name}\` | \`${JSON.stringify(value)}\` |`)
  .join("\n")}
`;
}

it("docs/defaults.md is in step", async () => {
  await expect(defaultsPage(configDocs, pretrainDefaults)).toMatchFileSnapshot("../../../docs/defaults.md");
});
