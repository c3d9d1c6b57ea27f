/** What a finished run has written down, read with patience: a file that is missing leaves its part of the report out. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { CalibrationRecord, FreezeCertificate, ModelDescription } from "@tlx/transfer";
import { CERTIFICATE, readCalibration } from "@tlx/transfer/node";
import { readCsv } from "./read-csv.js";

/** A row of metrics.jsonl. */
export interface EpochRow {
  readonly epoch: number;
  readonly learningRate: number;
  readonly loss: number;
  readonly trainAccuracy: number;
  readonly valLoss: number;
  readonly valAccuracy: number;
  readonly best: boolean;
  readonly ms: number;
}

/** What was said of a picture when the run ended. */
export interface NamedPicture {
  /** As training knew it; it may be elsewhere now. */
  readonly file: string;
  readonly label: number;
  readonly predicted: number;
  readonly confidence: number;
}

/** What was found wrong while training. */
export interface RunWarning {
  readonly message: string;
  /** What to try. */
  readonly advice: string;
}

export interface RunRecord {
  readonly folder: string;
  readonly description: ModelDescription;
  readonly config: Readonly<Record<string, unknown>>;
  readonly madeBy: Readonly<Record<string, unknown>>;
  readonly epochs: readonly EpochRow[];
  readonly named: readonly NamedPicture[];
  readonly certificate: FreezeCertificate | undefined;
  readonly calibration: CalibrationRecord | undefined;
  readonly warnings: readonly RunWarning[];
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
}

type Json = Readonly<Record<string, unknown>>;

const readText = (file: string): Promise<string | undefined> => readFile(file, "utf8").catch(() => undefined);

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

const objectOf = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});

const figures = ["epoch", "learningRate", "loss", "trainAccuracy", "valLoss", "valAccuracy"] as const;

const isEpoch = (row: unknown): row is EpochRow => figures.every((figure) => Number.isFinite(objectOf(row)[figure]));

/** `description` is that of its model. */
export async function readRunRecord(folder: string, description: ModelDescription): Promise<RunRecord> {
  const read = (name: string): Promise<string | undefined> => readText(path.join(folder, name));
  const [config, metrics, predictions, certificate, warnings, skipped] = await Promise.all(
    ["config.json", "metrics.jsonl", "predictions.csv", CERTIFICATE, "warnings.json", "skipped.csv"].map(read),
  );
  const { madeBy, ...choices } = objectOf(parse(config));
  const [, ...left] = readCsv(skipped ?? "");
  return {
    folder,
    description,
    config: choices,
    madeBy: objectOf(madeBy),
    epochs: (metrics ?? "").split("\n").map(parse).filter(isEpoch),
    named: namedIn(predictions, description.classes),
    certificate: parse(certificate) as FreezeCertificate | undefined,
    calibration: await readCalibration(folder),
    warnings: warningsIn(parse(warnings)),
    skipped: left.map(([file = "", reason = ""]) => ({ file, reason })),
  };
}

function namedIn(text: string | undefined, classes: readonly string[]): NamedPicture[] {
  const [, ...rows] = readCsv(text ?? "");
  return rows.flatMap(([file = "", label = "", predicted = "", confidence]) => {
    const [is, named] = [classes.indexOf(label), classes.indexOf(predicted)];
    return is < 0 || named < 0 ? [] : [{ file, label: is, predicted: named, confidence: Number(confidence) }];
  });
}

function warningsIn(value: unknown): RunWarning[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.map(objectOf).map(({ message, advice }) => ({ message: String(message), advice: String(advice) }));
}
