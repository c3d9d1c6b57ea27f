/** `tlx pull` as people and programs run it, against a server on this machine. */
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeWeights } from "./support/made-files.js";
import { tlx } from "./support/tlx.js";

const weights = madeWeights("squeezenet-1.1");
const sha256 = createHash("sha256").update(weights).digest("hex");

let dir: string;
let server: Server;
let origin: string;
let answer: RequestListener;
let asked: IncomingMessage[];
const at = (...parts: readonly string[]): string => path.join(dir, ...parts);

const send: RequestListener = (_, response) => {
  response.writeHead(200, { etag: '"v1"', "content-length": weights.length }).end(weights);
};

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-pull-"));
  server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(dir, { recursive: true });
});

/** In a cache of its own. */
function pull(cache: string, args: readonly string[], more: Parameters<typeof tlx>[1] = {}) {
  asked = [];
  const env = { TLX_CACHE: at(cache), TLX_MIRROR: "", HF_TOKEN: "hf_secret", ...more.env };
  return tlx(["pull", "squeezenet-1.1", ...args], { ...more, env });
}

describe("tlx pull", () => {
  it("fetches once, says what it is and by what it was checked, and others find it", async () => {
    answer = send;
    const from = `${origin}/mine.safetensors`;
    const file = at("once", "weights", "squeezenet1_1.safetensors");
    const first = await pull("once", ["--from", from]);
    expect([first.status, first.stdout], first.stderr).toEqual([0, `${file} (4.9 MB)\n`]);
    expect(first.stderr).toMatch(
      /network +squeezenet-1\.1\nlicence +BSD-3-Clause .*\nsource +http:.*mine\.safetensors\nchecked +unchecked: .*\nholds +squeezenet-1\.1 in safetensors with torchvision's names, 52 tensors, 1000 classes\n/,
    );
    expect(first.stderr).toContain(sha256);
    expect(asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([["/mine.safetensors", undefined]]);

    const again = await pull("once", ["--from", from, "--json"]);
    expect(JSON.parse(again.stdout)).toMatchObject({
      ...{ model: "squeezenet-1.1", path: file, from, isCached: true, bytes: weights.length, sha256, check: "record" },
      ...{ format: "safetensors", naming: "torchvision", classes: 1000, licence: "BSD-3-Clause (torchvision)" },
      address: { url: expect.stringContaining("squeezenet1_1-b8a52dc0.pth"), tried: false },
    });
    expect(asked).toHaveLength(0);
    const { stdout } = await tlx(["models", "--json", "--cache", at("once")]);
    const { models } = JSON.parse(stdout);
    expect(models.find(({ name }: { name: string }) => name === "squeezenet-1.1").found).toEqual({
      path: file,
      origin: "cache",
    });

    expect((await pull("once", ["--from", `${origin}/mine.pth`])).status).toBe(0);
    const second = await pull("once", ["--from", from]);
    expect(second.stderr).toContain(`commands take ${file.replace("safetensors", "pth")}, which comes before it`);
    expect(second.stderr).toContain(`next: tlx train DIR --model squeezenet-1.1 --weights ${file}`);
  });

  it("takes TLX_MIRROR for the address, whose path it keeps, and refuses what has another SHA-256", async () => {
    answer = send;
    const { status, stderr } = await pull("mirror", [], { env: { TLX_MIRROR: `${origin}/kept` } });
    expect([status, asked.map(({ url }) => url)]).toEqual([1, ["/kept/models/squeezenet1_1-b8a52dc0.pth"]]);
    expect(stderr).toMatch(/expected a SHA-256 that begins with b8a52dc0, found [0-9a-f]{64}; what came is deleted/);
    expect(await readdir(at("mirror", "weights"))).toEqual([]);
    expect((await pull("mirror", [], { env: { TLX_MIRROR: "/a/file.pth" } })).status).toBe(2);
  });

  it("keeps what came when it is stopped, says so, and goes on from there", async () => {
    const half = weights.length >> 1;
    const data = at("stopped", "weights");
    let child: ChildProcess | undefined;
    answer = async (_, response) => {
      response.writeHead(200, { etag: '"v1"', "content-length": weights.length });
      response.write(weights.subarray(0, half));
      for (let size = 0; size < half; await sleep(5)) {
        const part = (await readdir(data)).find((name) => name.endsWith(".part")) as string;
        size = await stat(path.join(data, part, "data")).then(
          (found) => found.size,
          () => 0, // not begun yet
        );
      }
      child?.kill("SIGINT");
    };
    const from = ["--from", `${origin}/mine.safetensors`];
    const watch = (_: string, started: ChildProcess): void => {
      child = started;
    };
    const stopped = await pull("stopped", from, { watch });
    expect(stopped.status).toBe(130);
    expect(stopped.stderr).toMatch(/stopping \(SIGINT\).*\n2\.5 MB are kept; the same command goes on from there/s);

    answer = ({ headers }, response) => {
      const begin = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1]);
      const range = `bytes ${begin}-${weights.length - 1}/${weights.length}`;
      response.writeHead(206, { etag: '"v1"', "content-range": range }).end(weights.subarray(begin));
    };
    const { status, stdout } = await pull("stopped", [...from, "--json"]);
    expect([status, JSON.parse(stdout).sha256, asked[0]?.headers.range]).toEqual([0, sha256, `bytes=${half}-`]);
  });

  it("says what to do about what it cannot fetch", async () => {
    await writeFile(at("other.safetensors"), madeWeights("tlx-nano"));
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [["resnet50"], 2, /unknown model "resnet50"; did you mean "resnet-50"\?/],
      [["mobilenet-v2-0.35"], 1, /no address is known for them.*--from FILE/],
      [["resnet-50", "--from", "http://mirror.lan/"], 1, /expected an https address/],
      [["resnet-50", "--from", "nowhere"], 1, /found nothing there/],
      [["resnet-18", "--from", at("other.safetensors")], 1, /expected those of resnet-18, found others/],
    ];
    const env = { TLX_CACHE: at("none"), TLX_MIRROR: "" };
    const found = await Promise.all(cases.map(([args]) => tlx(["pull", ...args], { env })));
    for (const [i, [, status, message]] of cases.entries()) {
      expect([found[i]?.status, found[i]?.stderr]).toEqual([status, expect.stringMatching(message)]);
    }
    const nano = await tlx(["pull", "tlx-nano"], { env: { TLX_MIRROR: "https://mirror.lan" } });
    expect([nano.status, nano.stdout]).toEqual([0, expect.stringContaining("comes with tlx, nothing to fetch")]);
  });

  it("is what training advises where weights are missing", async () => {
    await writeFile(at("x.png"), "");
    const env = { TLX_CACHE: at("none") };
    const { stderr } = await tlx(["predict", at("x.png"), "--model", "resnet-50"], { env });
    expect(stderr).toMatch(/not in the cache\. Run tlx pull resnet-50, or this with --download, which fetches https:/);
  });
});
