/** Packs and unpacks zips away from the page, whose own thread stays free. */
import { unzipSync, type Zippable, zipSync } from "fflate";
import type { NamedFile } from "./pictures-step.js";
import type { ZipAnswer, ZipQuestion } from "./zip.js";

/** A zip promises the size of what is in it; more than this is no run. */
const MOST_BYTES = 2 ** 31;

async function pack(files: readonly NamedFile[]): Promise<Blob> {
  const entries: Zippable = {};
  for (const [path, file] of files) {
    // Weights hardly become smaller.
    entries[path] = [new Uint8Array(await file.arrayBuffer()), { level: path.endsWith(".safetensors") ? 0 : 6 }];
  }
  return new Blob([zipSync(entries) as Uint8Array<ArrayBuffer>], { type: "application/zip" });
}

async function unpack(zip: Blob): Promise<NamedFile[]> {
  let bytes = 0;
  const entries = unzipSync(new Uint8Array(await zip.arrayBuffer()), {
    filter: ({ originalSize }) => {
      bytes += originalSize;
      if (bytes > MOST_BYTES) throw new Error("the zip holds more than 2 GB");
      return true;
    },
  });
  const files = Object.entries(entries).filter(([path]) => !path.endsWith("/"));
  return files.map(([path, content]) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    return [path, new File([content as Uint8Array<ArrayBuffer>], name)] as const;
  });
}

self.onmessage = async ({ data }: MessageEvent<ZipQuestion>) => {
  const answer = (message: ZipAnswer): void => self.postMessage(message);
  try {
    answer("files" in data ? { zip: await pack(data.files) } : { files: await unpack(data.zip) });
  } catch (error) {
    answer({ problem: error instanceof Error ? error.message : String(error) });
  }
};
