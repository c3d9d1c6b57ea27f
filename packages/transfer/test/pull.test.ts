/** `pullWeights` against hosts that behave as PyTorch's download site, the Hugging Face Hub and mirrors do. */
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Model } from "@tlx/transfer";
import { writeSafetensors } from "@tlx/transfer";
import { type Pulled, type PullOptions, pullWeights, resolveWeights } from "@tlx/transfer/node";
import { describe, expect, it } from "vitest";
import { keptOfPull } from "../src/weights/node/pull.js";
import { failure, left, scene, sendFile, serve, useScene } from "./file-server.js";
import { call, dict, stateDict, text, torchZip, whole } from "./made-pickle.js";
import { CDN, cutOnce, HUB, hubOf, sha256Of, standIn, TORCH, useStandIns } from "./stand-in-hosts.js";
import { tinyCheckpoint, tinyModel } from "./tiny-model.js";

useScene();
useStandIns();

const stored = [...tinyCheckpoint().tensors.values()];
const safetensors = writeSafetensors(new Map(stored.map((tensor) => [tensor.name, tensor])));

function torchFile(tensors: typeof stored): Uint8Array {
  const object = stateDict(Object.fromEntries(tensors.map((t, i) => [t.name, whole(`${i}`, t.shape)])));
  return torchZip(object, Object.fromEntries(tensors.map((t, i) => [`${i}`, t.bytes])));
}
const pth = torchFile(stored);

const withWeights = (weights: Partial<Model["card"]["weights"]>): Model => ({
  ...tinyModel,
  card: { ...tinyModel.card, weights: { ...tinyModel.card.weights, ...weights } },
});

const prefixOf = (bytes: Uint8Array): string => sha256Of(bytes).slice(0, 8);

/** As the card of a torchvision network that is at PyTorch's site. */
function torchModel(bytes: Uint8Array = pth): Model {
  const sha256Prefix = prefixOf(bytes);
  return withWeights({ url: `${TORCH}/models/tiny-${sha256Prefix}.pth`, sha256Prefix, untried: true });
}

const hubModel = withWeights({ url: `${HUB}/timm/tiny.in1k/resolve/main/model.safetensors` });

const pull = (model: Model, options: PullOptions = {}): Promise<Pulled> =>
  pullWeights(model, {
    cacheDir: scene.cacheDir,
    retryDelayMs: 1,
    onProgress: (received) => {
      scene.received = received;
    },
    ...options,
  });

const cached = (name: string): string => join(scene.cacheDir, "weights", name);

async function put(name: string, bytes: Uint8Array): Promise<string> {
  const file = join(scene.cacheDir, name);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, bytes);
  return file;
}

describe("from PyTorch's download site", () => {
  it("brings the file as it is published, checked by the digits in its name, and fetches it once", async () => {
    const heard = await standIn({ [TORCH]: sendFile({ bytes: pth }) });
    const model = torchModel();
    const pulled = await pull(model, { hubToken: "secret" });
    expect(pulled).toMatchObject({
      ...{ path: cached("tiny.pth"), from: model.card.weights.url, isCached: false, check: "card" },
      ...{ bytes: pth.length, sha256: sha256Of(pth), format: "PyTorch", tensors: 5 },
      recognition: { naming: "torchvision", form: "separate", classes: 0, missing: [] },
    });
    expect(Buffer.from(pth).equals(await readFile(pulled.path))).toBe(true);
    expect(await left()).toEqual(["tiny.pth", "tiny.pth.json"]);
    expect(await pull(model)).toMatchObject({ isCached: true, check: "card", from: model.card.weights.url });
    const { cacheDir } = scene;
    expect(await resolveWeights(model.card.weights, { cacheDir })).toEqual({ path: pulled.path, origin: "cache" });
    expect(heard.map(({ request }) => [request.url, request.headers.authorization])).toEqual([
      [new URL(model.card.weights.url as string).pathname, undefined],
    ]);
    expect((await pull(model, { force: true })).isCached).toBe(false);
    expect(heard).toHaveLength(2);
  });

  it("brings it anew where the cache holds other bytes", async () => {
    const heard = await standIn({ [TORCH]: sendFile({ bytes: pth }) });
    await put("weights/tiny.pth", pth.subarray(1));
    expect(await pull(torchModel())).toMatchObject({ isCached: false });
    expect(heard).toHaveLength(1);
  });

  it("goes on after a broken connection, with the same ETag or from the beginning", async () => {
    const heard = await standIn({ [TORCH]: cutOnce(1000, { bytes: pth }) });
    await pull(torchModel());
    expect(heard[1]?.request.headers).toMatchObject({ range: "bytes=1000-", "if-range": '"v1"' });

    let count = 0;
    await standIn({
      [TORCH]: (request, response) => {
        const older = { bytes: Uint8Array.from(pth, (b) => b ^ 1), etag: '"v0"', cutAt: 1000 };
        sendFile(count++ === 0 ? older : { bytes: pth })(request, response);
      },
    });
    expect(await pull(torchModel(), { force: true })).toMatchObject({ sha256: sha256Of(pth) });
  });

  it("takes a part that was complete when it was stopped", async () => {
    const part = cached("tiny.pth.part");
    await mkdir(part, { recursive: true });
    await writeFile(join(part, "data"), pth);
    await writeFile(join(part, "etag"), '"v1"');
    const heard = await standIn({
      [TORCH]: (_, response) => response.writeHead(416, { "content-range": `bytes */${pth.length}` }).end(),
    });
    expect(await pull(torchModel())).toMatchObject({ isCached: false, check: "card" });
    expect(heard).toHaveLength(1);
  });

  it("refuses bytes of another SHA-256 and leaves nothing", async () => {
    await standIn({ [TORCH]: sendFile({ bytes: Uint8Array.from(pth, (b, i) => (i === 99 ? b ^ 1 : b)) }) });
    const { code, message } = await failure(pull(torchModel()));
    expect(code).toBe("E_NETWORK");
    expect(message).toContain(`expected a SHA-256 that begins with ${prefixOf(pth)}`);
    expect(message).toContain("never tried where tlx is made");
    expect(await left()).toEqual([]);
  });

  it("refuses what is not of the network, whatever its checksum, and leaves nothing", async () => {
    const part = torchFile(stored.slice(1));
    await standIn({ [TORCH]: sendFile({ bytes: part }) });
    const model = torchModel(part);
    const { code, message } = await failure(pull(model));
    expect(code).toBe("E_WEIGHTS");
    expect(message).toContain(`weights ${model.card.weights.url}: expected those of tiny, found others`);
    expect(message).toContain(`1 missing: ${stored[0]?.name}`);
    expect(await left()).toEqual([]);
  });

  it("runs no code of the file", async () => {
    const evil = torchZip(dict({ state_dict: call("os", "system", text("true")) }));
    await standIn({ [TORCH]: sendFile({ bytes: evil }) });
    expect((await failure(pull(torchModel(evil)))).message).toMatch(/"os\.system", which is refused/);
    expect(await left()).toEqual([]);
  });

  it("keeps what came when it is stopped, and goes on from there", async () => {
    const stop = new AbortController();
    const reason = new Error("stop");
    await standIn({
      [TORCH]: (_, response) => {
        response.writeHead(200, { etag: '"v1"', "content-length": pth.length });
        response.write(pth.subarray(0, 1000));
      },
    });
    const onProgress = (received: number): void => void (received > 0 && stop.abort(reason));
    expect(await failure(pull(torchModel(), { signal: stop.signal, onProgress }))).toBe(reason);
    expect(await left()).toEqual(["tiny.pth.part"]);
    expect(await keptOfPull(torchModel(), { cacheDir: scene.cacheDir })).toBe(1000);
    const heard = await standIn({ [TORCH]: sendFile({ bytes: pth }) });
    await pull(torchModel());
    expect(heard[0]?.request.headers.range).toBe("bytes=1000-");
  });

  it.skipIf(process.platform !== "linux")("says that the disk is full", async () => {
    const part = cached("tiny.pth.part");
    await mkdir(part, { recursive: true });
    await symlink("/dev/full", join(part, "data"));
    await standIn({ [TORCH]: sendFile({ bytes: pth }) });
    const { code, message } = await failure(pull(torchModel()));
    expect([code, message]).toEqual(["E_WEIGHTS", expect.stringMatching(/the disk is full.*TLX_CACHE/)]);
  });
});

describe("from the Hugging Face Hub", () => {
  it("follows to the other host without the token, and checks what the Hub said of the file", async () => {
    const heard = await standIn({
      [HUB]: hubOf({ bytes: safetensors, token: "hf_secret" }),
      [CDN]: cutOnce(1000, { bytes: safetensors, etag: '"of-the-store"' }),
    });
    const pulled = await pull(hubModel, { hubToken: "hf_secret" });
    expect(pulled).toMatchObject({ path: cached("tiny.safetensors"), check: "host", sha256: sha256Of(safetensors) });
    expect(heard.map(({ origin, request }) => [origin, request.headers.authorization, request.headers.range])).toEqual([
      [HUB, "Bearer hf_secret", undefined],
      [CDN, undefined, undefined],
      [HUB, "Bearer hf_secret", "bytes=1000-"],
      [CDN, undefined, "bytes=1000-"],
    ]);
    expect(await pull(hubModel)).toMatchObject({ isCached: true, check: "record" });
    await writeFile(pulled.path, safetensors.subarray(8));
    expect(await pull(hubModel, { hubToken: "hf_secret" })).toMatchObject({ isCached: false, check: "host" });
  });

  it("gives the token to no host that is not the Hub, and to the Hub only as long as nobody else is between", async () => {
    const heard = await standIn({
      [HUB]: (request, response) => {
        if (request.url?.startsWith("/back")) sendFile({ bytes: safetensors })(request, response);
        else if (request.url?.startsWith("/timm")) response.writeHead(307, { location: "/renamed/model" }).end();
        else hubOf({ bytes: safetensors, location: `${CDN}/blob` })(request, response);
      },
      [CDN]: (_, response) => response.writeHead(302, { location: `${HUB}/back` }).end(),
    });
    await pull(hubModel, { hubToken: "hf_secret" });
    expect(heard.map(({ request }) => [request.url, request.headers.authorization])).toEqual([
      ["/timm/tiny.in1k/resolve/main/model.safetensors", "Bearer hf_secret"],
      ["/renamed/model", "Bearer hf_secret"],
      ["/blob", undefined],
      ["/back", undefined],
    ]);
  });

  it("refuses bytes of which the Hub says otherwise", async () => {
    await standIn({
      [HUB]: hubOf({ bytes: safetensors, announced: "0".repeat(64) }),
      [CDN]: sendFile({ bytes: safetensors }),
    });
    expect((await failure(pull(hubModel))).message).toContain(`expected SHA-256 ${"0".repeat(64)}`);
    expect(await left()).toEqual([]);
  });

  it("shows nobody a token that no header can carry", async () => {
    const heard = await standIn({ [HUB]: hubOf({ bytes: safetensors }) });
    const { code, message } = await failure(pull(hubModel, { hubToken: "hf_secret\nfrom two lines" }));
    expect([code, message]).toEqual(["E_USAGE", expect.stringMatching(/HF_TOKEN/)]);
    expect(message).not.toMatch(/secret|lines/);
    expect(heard).toEqual([]);
  });

  it("says what a gated file needs", async () => {
    await standIn({ [HUB]: hubOf({ bytes: safetensors, token: "hf_secret" }) });
    const { code, message } = await failure(pull(hubModel));
    expect([code, message]).toEqual(["E_NETWORK", expect.stringMatching(/401.*set HF_TOKEN/)]);
  });

  it.each(["http://cas-bridge.xethub.hf.co/blob", "http://127.0.0.1:1/blob"])(
    "refuses to go on without encryption, to %s",
    async (location) => {
      const heard = await standIn({ [HUB]: hubOf({ bytes: safetensors, location }) });
      const { code, message } = await failure(pull(hubModel, { allowLoopbackHttp: true }));
      expect([code, message]).toEqual(["E_NETWORK", expect.stringMatching(/redirect from huggingface\.co.*refused/)]);
      expect(heard).toHaveLength(1);
    },
  );
});

describe("a host that does not give the file", () => {
  const answer = (status: number, headers: Record<string, string> = {}) =>
    standIn({ [TORCH]: (_, response) => response.writeHead(status, headers).end() });

  it.each([
    [403, /403 Forbidden; the host does not give it to everybody, or does not have it/],
    [404, /404 Not Found; there is no such file any more/],
  ])("%i is final", async (status, message) => {
    const heard = await answer(status);
    expect(await failure(pull(torchModel()))).toMatchObject({
      code: "E_NETWORK",
      message: expect.stringMatching(message),
    });
    expect(heard).toHaveLength(1);
  });

  it("is asked again after the time it names, unless that is long", async () => {
    let count = 0;
    const heard = await standIn({
      [TORCH]: (request, response) => {
        if (count++ > 0) sendFile({ bytes: pth })(request, response);
        else response.writeHead(429, { "retry-after": "1" }).end();
      },
    });
    const begin = performance.now();
    await pull(torchModel());
    expect(performance.now() - begin).toBeGreaterThan(990);
    expect(heard).toHaveLength(2);

    for (const when of ["600", new Date(Date.now() + 600_000).toUTCString()]) {
      const asked = await answer(503, { "retry-after": when });
      const { message } = await failure(pull(torchModel(), { force: true }));
      expect(message).toMatch(/503 Service Unavailable and asks to be left alone for (600|599) seconds/);
      expect(asked).toHaveLength(1);
    }
  });

  it("is told from a login page", async () => {
    await standIn({
      [TORCH]: (_, response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<html>"),
    });
    expect((await failure(pull(torchModel()))).message).toMatch(/found a web page/);
    expect(await left()).toEqual([]);
  });
});

describe("from elsewhere", () => {
  it("a mirror keeps the path, is checked by the card, and gets no token", async () => {
    for (const mirror of [
      "https://mirror.lan",
      "https://mirror.lan/",
      "https://mirror.lan/pytorch/",
      "https://mirror.lan/a/b",
    ]) {
      const heard = await standIn({ "https://mirror.lan": sendFile({ bytes: pth }) });
      const base = new URL(mirror).pathname.replace(/\/$/, "");
      expect(await pull(torchModel(), { from: mirror, hubToken: "hf_secret", force: true })).toMatchObject({
        check: "card",
      });
      expect(heard.map(({ request }) => [request.url, request.headers.authorization])).toEqual([
        [`${base}/models/tiny-${prefixOf(pth)}.pth`, undefined],
      ]);
    }
    await standIn({ "https://mirror.lan": sendFile({ bytes: safetensors }) });
    const { message } = await failure(pull(torchModel(), { from: "https://mirror.lan", force: true }));
    expect(message).toMatch(/expected a SHA-256 that begins with/);
  });

  it("an address of a file is another file: checked by its own name, or by nobody", async () => {
    await standIn({ "https://host.lan": sendFile({ bytes: pth }) });
    const named = { from: `https://host.lan/mine-${prefixOf(pth)}.pt` };
    expect(await pull(torchModel(safetensors), named)).toMatchObject({ path: cached("tiny.pt"), check: "name" });
    const wrong = await failure(pull(torchModel(), { from: "https://host.lan/mine-00000000.pt", force: true }));
    expect(wrong.message).toContain("begins with 00000000");
    expect(await pull(torchModel(), { from: "https://host.lan/mine.pt", force: true })).toMatchObject({
      check: "nothing",
    });
    expect(await pull(torchModel(), { from: "https://host.lan/mine.pt" })).toMatchObject({
      isCached: true,
      check: "record",
    });
    const other = await failure(pull(torchModel(), { from: "https://host.lan/theirs.pt" }));
    expect([other.code, other.message]).toEqual(["E_USAGE", expect.stringMatching(/mine\.pt; pull --force replaces/)]);
  });

  it("a file under the card's name that is another one is found all the same, until it is damaged", async () => {
    await standIn({ "https://host.lan": sendFile({ bytes: pth }) });
    const model = torchModel(safetensors);
    const { path } = await pull(model, { from: "https://host.lan/mine.pth" });
    const find = () => resolveWeights(model.card.weights, { cacheDir: scene.cacheDir });
    expect(await find()).toEqual({ path: cached("tiny.pth"), origin: "cache" });
    await writeFile(path, pth.subarray(1));
    expect((await failure(find())).message).toMatch(/damaged in the cache/);
  });

  it("an address may carry a signature, which is told to nobody, but no password", async () => {
    await standIn({ "https://host.lan": sendFile({ bytes: pth }) });
    const told: string[] = [];
    const from = "https://host.lan/mine.pth?signature=abc";
    await pull(torchModel(safetensors), { from, onOrigin: (name) => told.push(name) });
    expect(told).toEqual(["https://host.lan/mine.pth"]);
    expect(await readFile(cached("tiny.pth.json"), "utf8")).not.toContain("signature");
    const { code, message } = await failure(
      pull(tinyModel, { from: "https://me:secret@host.lan/mine.pth", force: true }),
    );
    expect([code, message]).toEqual(["E_USAGE", expect.not.stringContaining("secret")]);
  });

  it("http is for this machine alone", async () => {
    const here = await serve(sendFile({ bytes: pth }));
    const from = `${new URL(here).origin}/tiny.pth`;
    expect(await pull(torchModel(), { from })).toMatchObject({ isCached: false });
    const { message } = await failure(pull(torchModel(), { from: "http://mirror.lan", force: true }));
    expect(message).toMatch(/expected an https address/);
  });

  it("a folder has the card's path, or the end of it, or the card's name; a file is itself", async () => {
    const model = torchModel();
    const name = `tiny-${prefixOf(pth)}.pth`;
    for (const place of [`a/models/${name}`, `b/${name}`]) {
      const file = await put(place, pth);
      const from = join(scene.cacheDir, place[0] as string);
      expect(await pull(model, { from, force: true })).toMatchObject({
        from: file,
        check: "card",
        path: cached("tiny.pth"),
      });
    }
    await put("c/tiny.safetensors", safetensors);
    const from = join(scene.cacheDir, "c");
    expect(await pull(model, { from })).toMatchObject({ check: "nothing", path: cached("tiny.safetensors") });
    const asked = await resolveWeights(model.card.weights, {
      ...{ cacheDir: join(scene.cacheDir, "other"), from, allowDownload: true },
    });
    expect(asked).toMatchObject({ path: expect.stringMatching(/tiny\.safetensors$/), origin: "download" });
    const wrong = await put(`d/${name}`, safetensors);
    expect(await failure(pull(model, { from: wrong, force: true }))).toMatchObject({
      code: "E_WEIGHTS",
      message: expect.stringMatching(/begins with.*nothing was copied/),
    });
    for (const nowhere of [join(scene.cacheDir, "a"), join(scene.cacheDir, "nowhere")]) {
      expect((await failure(pull(torchModel(safetensors), { from: nowhere }))).message).toMatch(/found (none|nothing)/);
    }
  });

  it("is needed where the network has no address", async () => {
    const { code, message } = await failure(pull(tinyModel));
    expect([code, message]).toEqual(["E_WEIGHTS", expect.stringMatching(/no address.*made by formula.*--from FILE/)]);
    expect((await failure(pull(tinyModel, { from: "https://mirror.lan" }))).message).toMatch(/name the file itself/);
    await standIn({ "https://host.lan": sendFile({ bytes: safetensors }) });
    expect(await pull(tinyModel, { from: "https://host.lan/x.safetensors" })).toMatchObject({ check: "nothing" });
  });
});
