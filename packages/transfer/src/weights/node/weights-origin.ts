/**
 * Where a file of weights comes from: the card's address, the same path at a mirror, or another file.
 *
 *   https://download.pytorch.org/models/resnet50-0676ba61.pth, from
 *     https://mirror.lan/pytorch         https://mirror.lan/pytorch/models/resnet50-0676ba61.pth
 *     https://host/my-resnet.safetensors that file, which the card's checksum says nothing of
 *     /media/weights                     its models/resnet50-0676ba61.pth, or resnet50-0676ba61.pth
 *     resnet50-0676ba61.pth              that file
 */
import { stat } from "node:fs/promises";
import path from "node:path";
import { check, TlxError } from "@tlx/kernels";
import type { WeightsCard } from "../source.js";
import { cacheFolder, endingOf, nameInCache } from "./cache-folder.js";
import type { Expected } from "./checksum.js";

export type WeightsOriginFile =
  | { readonly kind: "address"; readonly url: string; readonly expected: Expected }
  | { readonly kind: "file"; readonly path: string; readonly expected: Expected };

/** For people and records: what follows a question mark may be a signature. */
export const nameOf = (from: WeightsOriginFile): string =>
  from.kind === "file" ? from.path : from.url.replace(/\?.*/, "");

/** Where in the cache the file of that origin belongs. */
export const targetOf = (card: WeightsCard, origin: WeightsOriginFile, cacheDir: string | undefined): string =>
  path.join(cacheDir ?? cacheFolder(), "weights", nameInCache(card, nameOf(origin)));

const expectedOf = ({ bytes, sha256, sha256Prefix }: WeightsCard): Expected => ({ bytes, sha256, sha256Prefix });

const lastOf = (address: string): string => address.slice(address.lastIndexOf("/") + 1);

/** A file under the name at the card's address is that file. Of another one only its own name may promise digits. */
function expectOf(card: WeightsCard, name: string): Expected {
  if (card.url !== undefined && name === lastOf(new URL(card.url).pathname)) return expectedOf(card);
  const sha256Prefix = /-([0-9a-f]{8,64})\.\w+$/.exec(name)?.[1];
  return sha256Prefix === undefined ? {} : { sha256Prefix };
}

const isAddress = (text: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(text);

/** The card's path below that of the mirror. */
function atMirror(url: string, mirror: URL): string {
  const base = mirror.pathname.replace(/\/+$/, "");
  const at = new URL(mirror);
  at.pathname = `${base}${new URL(url).pathname}`;
  return at.href;
}

function requireUrl({ url, source, licence }: WeightsCard, from: string): string {
  check(
    url !== undefined,
    "E_WEIGHTS",
    () =>
      `weights from ${from}: this network has no address whose path a mirror could keep: name the file itself. They are ${source} (licence ${licence})`,
  );
  return url;
}

function fromAddress(card: WeightsCard, from: string): WeightsOriginFile {
  check(URL.canParse(from), "E_USAGE", () => `weights: expected an address, a folder or a file, found "${from}"`);
  const given = new URL(from);
  check(
    given.username === "" && given.password === "",
    "E_USAGE",
    () => `weights: expected an address without user name and password, found one at ${given.host}, which is refused`,
  );
  if (endingOf(given.pathname) !== undefined) {
    const expected = expectOf(card, lastOf(given.pathname));
    return { kind: "address", url: given.href, expected };
  }
  const url = atMirror(requireUrl(card, from), given);
  return { kind: "address", url, expected: expectedOf(card) };
}

const isFile = (file: string): Promise<boolean> =>
  stat(file).then(
    (found) => found.isFile(),
    () => false,
  );

async function fromFolder(card: WeightsCard, folder: string): Promise<WeightsOriginFile> {
  const address = card.url === undefined ? undefined : new URL(card.url).pathname;
  const names = [...(address === undefined ? [] : [address.slice(1), lastOf(address)]), card.file];
  for (const name of names) {
    const file = path.join(folder, name);
    if (await isFile(file)) return { kind: "file", path: file, expected: expectOf(card, path.basename(name)) };
  }
  throw new TlxError(
    "E_WEIGHTS",
    `weights from ${folder}: expected ${names.join(" or ")} there, found none; name the file itself`,
  );
}

/** Throws E_WEIGHTS where the card has no address and `from` names no file, or nothing is there. */
export async function findOrigin(card: WeightsCard, from?: string): Promise<WeightsOriginFile> {
  if (from === undefined) {
    const { url, source, licence, file } = card;
    check(
      url !== undefined,
      "E_WEIGHTS",
      () => `weights ${file}: no address is known for them; get ${source} (licence ${licence}), then pull --from FILE`,
    );
    return { kind: "address", url, expected: expectedOf(card) };
  }
  if (isAddress(from)) return fromAddress(card, from);
  const found = await stat(from).catch(() => undefined);
  if (found?.isDirectory()) return fromFolder(card, from);
  if (found?.isFile()) return { kind: "file", path: from, expected: expectOf(card, path.basename(from)) };
  throw new TlxError("E_WEIGHTS", `weights from ${from}: expected an address, a folder or a file, found nothing there`);
}
