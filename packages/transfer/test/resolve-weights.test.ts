import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findModel } from "@tlx/transfer";
import { expect, it } from "vitest";
import {
  cardFor,
  content,
  failure,
  isWhole,
  left,
  resolve,
  scene,
  sendFile,
  serve,
  target,
  useScene,
} from "./file-server.js";

useScene();

it("takes the user's file first, as it is", async () => {
  const file = join(scene.cacheDir, "mine");
  await writeFile(file, "x");
  expect(await resolve(cardFor(undefined), { file })).toEqual({ path: file, origin: "file" });
  expect(await failure(resolve(cardFor(undefined), { file: `${file}2` }))).toMatchObject({ code: "E_WEIGHTS" });
});

it("takes what comes with tlx before cache and network, and checks it", async () => {
  const { card } = findModel("tlx-nano");
  const shipped = await resolve(card.weights);
  expect(shipped).toEqual({
    path: expect.stringMatching(/transfer.weights.tlx-nano\.safetensors$/),
    origin: "shipped",
  });
  const file = join(scene.cacheDir, "mine");
  await writeFile(file, "x");
  expect(await resolve(card.weights, { file })).toEqual({ path: file, origin: "file" });
  const { code, message } = await failure(resolve({ ...card.weights, sha256: "0".repeat(64) }));
  expect(code).toBe("E_WEIGHTS");
  for (const part of [shipped.path, "SHA-256", "install tlx again"]) expect(message).toContain(part);
});

it("looks in the cache where what should come with tlx was left out", async () => {
  const card = cardFor(undefined, { shipped: true });
  expect((await failure(resolve(card))).message).toContain("not in the cache");
  await mkdir(join(scene.cacheDir, "weights"));
  await writeFile(target(), content);
  expect(await resolve(card)).toEqual({ path: target(), origin: "cache" });
});

it("downloads once, then takes the cache, even offline", async () => {
  const card = cardFor(await serve(sendFile({})));
  expect(await resolve(card)).toEqual({ path: target(), origin: "download" });
  expect(await isWhole()).toBe(true);
  expect(await left()).toEqual(["net.safetensors"]);
  expect(await resolve(card, { offline: true })).toEqual({ path: target(), origin: "cache" });
  expect(scene.requests).toHaveLength(1);
});

it("asks before it downloads: says the flag, the place, the address, the size and the licence", async () => {
  const url = await serve(sendFile({}));
  const { code, message } = await failure(resolve(cardFor(url), { allowDownload: false }));
  expect(code).toBe("E_WEIGHTS");
  for (const part of ["--download", "--weights", target(), url, "0.2 MB", "Apache-2.0"]) {
    expect(message).toContain(part);
  }
  expect(scene.requests).toHaveLength(0);
});

it("stays off the network when offline, with its own words", async () => {
  const url = await serve(sendFile({}));
  const { code, message } = await failure(resolve(cardFor(url), { offline: true }));
  expect(code).toBe("E_WEIGHTS");
  expect(message).toMatch(/[Oo]ffline/);
  expect(message).toContain(target());
  expect(scene.requests).toHaveLength(0);
});

it("downloads nothing without an address and a hash, and says where to get it", async () => {
  const url = await serve(sendFile({}));
  for (const card of [cardFor(undefined), cardFor(url, { sha256: undefined })]) {
    const { code, message } = await failure(resolve(card));
    expect(code).toBe("E_WEIGHTS");
    expect(message).toContain("the makers of net");
  }
  expect(scene.requests).toHaveLength(0);
});

it("does not trust a damaged file in the cache, and replaces it when asked", async () => {
  const card = cardFor(await serve(sendFile({})));
  const flipped = Uint8Array.from(content);
  flipped[77]! ^= 1;
  await mkdir(join(scene.cacheDir, "weights"));
  for (const [damaged, words] of [
    [flipped, /SHA-256/],
    [content.subarray(1), /bytes/],
  ] as const) {
    await writeFile(target(), damaged);
    expect((await failure(resolve(card, { offline: true }))).message).toMatch(words);
    expect((await resolve(card)).origin).toBe("download");
    expect(await isWhole()).toBe(true);
  }
});

it("writes only where the card's file name says, and that is a plain one", async () => {
  const url = await serve((request, response) => {
    response.setHeader("content-disposition", 'attachment; filename="../evil"');
    sendFile({})(request, response);
  });
  await resolve(cardFor(url));
  expect(await left()).toEqual(["net.safetensors"]);
  for (const file of ["../x", "a/b", "..", "", "a\\b", "/x"]) {
    expect(await failure(resolve(cardFor(url, { file })))).toMatchObject({ code: "E_USAGE" });
  }
});
