/** Zips of files with their paths. */
import { TlxError } from "@tlx/kernels";
import { make } from "./make.js";
import type { NamedFile } from "./pictures-step.js";

export type ZipQuestion = { readonly files: readonly NamedFile[] } | { readonly zip: Blob };
export type ZipAnswer =
  | { readonly zip: Blob }
  | { readonly files: readonly NamedFile[] }
  | { readonly problem: string };

export async function packZip(files: readonly NamedFile[]): Promise<Blob> {
  const answer = await ask({ files });
  if ("zip" in answer) return answer.zip;
  throw new TlxError("E_DATA", `zip: expected to pack ${files.length} files, found ${problemOf(answer)}; try again`);
}

/** Throws E_WEIGHTS for what is no zip. */
export async function unpackZip(zip: File): Promise<readonly NamedFile[]> {
  const answer = await ask({ zip });
  if ("files" in answer) return answer.files;
  throw new TlxError("E_WEIGHTS", `${zip.name}: expected a zip, found ${problemOf(answer)}; choose another file`);
}

const problemOf = (answer: ZipAnswer): string => ("problem" in answer ? answer.problem : "no answer");

async function ask(question: ZipQuestion): Promise<ZipAnswer> {
  const worker = new Worker(new URL("./zip-worker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise<ZipAnswer>((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<ZipAnswer>) => resolve(data);
      worker.onerror = ({ message }) => resolve({ problem: message || "a script that did not load" });
      worker.postMessage(question);
    });
  } finally {
    worker.terminate();
  }
}

/** Hands a file to the visitor. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
