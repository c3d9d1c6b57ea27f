/** Brings the file of an origin to its place, by download or by copy. */
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { check, TlxError } from "@tlx/kernels";
import type { WeightsCard } from "../source.js";
import { type Expected, findDamage } from "./checksum.js";
import { type DownloadOptions, downloadWeights } from "./download.js";
import { PartFolder } from "./part-folder.js";
import { HUB } from "./refusal.js";
import type { WeightsOriginFile } from "./weights-origin.js";

export type ObtainOptions = Omit<DownloadOptions, "credentials"> & {
  /** Of the Hugging Face Hub; no other host gets it. */
  readonly hubToken?: string;
};

async function copyWeights(
  { path, expected }: Extract<WeightsOriginFile, { kind: "file" }>,
  target: string,
  { examine, signal }: ObtainOptions,
): Promise<Expected> {
  signal?.throwIfAborted();
  const part = await PartFolder.claim(target).catch((error) => {
    throw explain(error as Error, target);
  });
  try {
    await part.begin(undefined);
    await pipeline(createReadStream(path), createWriteStream(part.data), { signal });
    const damage = await findDamage(part.data, expected);
    if (damage) throw new TlxError("E_WEIGHTS", `weights ${path}: ${damage}; nothing was copied`);
    await examine?.(part.data);
    await part.commit();
    return expected;
  } catch (error) {
    await part.discard();
    signal?.throwIfAborted();
    throw error instanceof TlxError ? error : explain(error as Error, target);
  }
}

/** Credentials of the Hub. Throws E_USAGE for what no header can carry: the error of the runtime would show it. */
function credentialsOf(hubToken: string | undefined): Pick<DownloadOptions, "credentials"> {
  const token = hubToken?.trim();
  if (!token) return {};
  check(
    /^[\x21-\x7e]+$/.test(token),
    "E_USAGE",
    () => "HF_TOKEN: expected one word of ASCII letters, digits and signs, found others",
  );
  return { credentials: { origin: HUB, token } };
}

const explain = (error: Error, target: string): TlxError =>
  new TlxError("E_WEIGHTS", `weights ${target}: cannot write there (${error.message}); make room or access`, {}, error);

/** Returns by what the file was checked. Throws as `downloadWeights`. */
export async function obtainWeights(
  card: WeightsCard,
  from: WeightsOriginFile,
  target: string,
  { hubToken, ...options }: ObtainOptions,
): Promise<Expected> {
  if (from.kind === "file") return copyWeights(from, target, options);
  const { url, expected } = from;
  const isPublished = url === card.url;
  return downloadWeights(
    { ...expected, url, source: card.source, ...(isPublished && card.untried && { untried: true }) },
    target,
    {
      ...options,
      // Nobody is on the way to this machine itself, and who names it knows.
      allowLoopbackHttp: options.allowLoopbackHttp ?? !isPublished,
      ...credentialsOf(hubToken),
    },
  );
}
