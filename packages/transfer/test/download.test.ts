import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
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

describe("an interrupted download", () => {
  it("cut at every 5 % goes on where it stopped, in the same call and in later ones", async () => {
    for (let percent = 5; percent < 100; percent += 5) {
      const cutAt = (content.length * percent) / 100;
      let cuts = 0;
      const url = await serve((request, response) => sendFile(cuts++ < 1 ? { cutAt } : {})(request, response));
      await resolve(cardFor(url));
      expect(await isWhole()).toBe(true);
      await rm(target());
    }
    const ranges = scene.requests.map((r) => r.headers.range).filter(Boolean);
    expect(ranges).toHaveLength(19);
    expect(ranges.every((range) => range !== "bytes=0-")).toBe(true);

    scene.requests = [];
    let sent = 0;
    const url = await serve((request, response) => {
      sent += content.length / 20;
      sendFile({ cutAt: sent })(request, response);
    });
    let calls = 0;
    while (
      await resolve(cardFor(url)).then(
        (r) => r.origin !== "download",
        () => true,
      )
    )
      calls++;
    expect(await isWhole()).toBe(true);
    expect(calls).toBeGreaterThan(2);
    expect(scene.requests.filter((r) => !r.headers.range)).toHaveLength(1);
    expect(await left()).toEqual(["net.safetensors"]);
  });

  it("begins anew when the server ignores Range", async () => {
    let count = 0;
    const url = await serve((request, response) =>
      sendFile({ ranges: false, cutAt: count++ === 0 ? 90_000 : undefined })(request, response),
    );
    await resolve(cardFor(url));
    expect(scene.requests[1]?.headers.range).toBe("bytes=90000-");
    expect(await isWhole()).toBe(true);
  });

  it("begins anew when the file behind the address changed", async () => {
    let count = 0;
    const older = { bytes: randomBytes(content.length), etag: '"v0"', cutAt: 90_000 };
    const url = await serve((request, response) => sendFile(count++ === 0 ? older : {})(request, response));
    await resolve(cardFor(url));
    expect(scene.requests[1]?.headers["if-range"]).toBe('"v0"');
    expect(await isWhole()).toBe(true);
  });

  it("begins anew when a server ignores If-Range and answers with the range of a changed file, or with 416", async () => {
    for (const status of [206, 416]) {
      let count = 0;
      const url = await serve((request, response) => {
        if (count++ !== 1) return sendFile({ cutAt: count === 1 ? 90_000 : undefined })(request, response);
        response.writeHead(status, { etag: '"v2"', "content-range": `bytes 90000-199999/200000` });
        response.end(randomBytes(110_000));
      });
      await resolve(cardFor(url));
      expect(count).toBe(3);
      expect(await isWhole()).toBe(true);
      await rm(target());
    }
  });

  it("is given up after three retries, with what came kept", async () => {
    const url = await serve(sendFile({ cutAt: 50_000 }));
    const { code, message } = await failure(resolve(cardFor(url)));
    expect(code).toBe("E_NETWORK");
    expect(message).toMatch(/gave up after 4 attempts/);
    expect(message).toContain(url);
    expect(scene.requests).toHaveLength(4);
    expect(await left()).toEqual(["net.safetensors.part"]);
  });

  it("is taken over from a process that died", async () => {
    const part = join(scene.cacheDir, "weights", "net.safetensors.999999999.ab12.part");
    await mkdir(part, { recursive: true });
    await writeFile(join(part, "data"), content.subarray(0, 120_000));
    await writeFile(join(part, "etag"), '"v1"');
    await resolve(cardFor(await serve(sendFile({}))));
    expect(scene.requests[0]?.headers.range).toBe("bytes=120000-");
    expect(await isWhole()).toBe(true);
    expect(await left()).toEqual(["net.safetensors"]);
  });

  it("counts a silent connection as broken", async () => {
    let count = 0;
    const url = await serve((request, response) => {
      if (count++ > 0) return sendFile({})(request, response);
      response.writeHead(200, { etag: '"v1"', "content-length": content.length });
      response.write(content.subarray(0, 1000));
    });
    await resolve(cardFor(url), { idleMs: 500 });
    expect(scene.requests[1]?.headers.range).toBe("bytes=1000-");
    expect(await isWhole()).toBe(true);
  });

  it("ends at once when aborted, and can be resumed", async () => {
    const reason = new Error("stop");
    const abort = new AbortController();
    const url = await serve((_, response) => {
      response.writeHead(200, { etag: '"v1"', "content-length": content.length });
      response.write(content.subarray(0, 60_000));
    });
    const onProgress = (received: number) => received > 0 && abort.abort(reason);
    expect(await failure(resolve(cardFor(url), { signal: abort.signal, onProgress }))).toBe(reason);
    expect(await left()).toEqual(["net.safetensors.part"]);
    const calls: number[] = [];
    await resolve(cardFor(await serve(sendFile({}))), { onProgress: (received) => calls.push(received) });
    expect(calls[0]).toBeGreaterThan(0);
    expect(calls.at(-1)).toBe(content.length);
    expect(calls).toEqual(calls.toSorted((a, b) => a - b));

    await rm(target());
    expect(await failure(resolve(cardFor(url), { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });
});

describe("wrong content", () => {
  it("with one flipped byte is detected and leaves nothing behind", async () => {
    for (const at of [0, 1, 99_999, content.length - 1]) {
      const bytes = Uint8Array.from(content);
      bytes[at]! ^= 0x10;
      const { code, message } = await failure(resolve(cardFor(await serve(sendFile({ bytes })))));
      expect(code).toBe("E_NETWORK");
      expect(message).toMatch(/SHA-256/);
      expect(await left()).toEqual([]);
    }
  });

  it("in the part that was kept is detected too", async () => {
    const part = join(scene.cacheDir, "weights", "net.safetensors.part");
    await mkdir(part, { recursive: true });
    await writeFile(join(part, "data"), new Uint8Array(content.length));
    await writeFile(join(part, "etag"), '"v1"');
    const card = cardFor(await serve(sendFile({})));
    expect((await failure(resolve(card))).message).toMatch(/SHA-256/);
    expect(await left()).toEqual([]);
    await resolve(card);
    expect(await isWhole()).toBe(true);
  });

  it("of another length is refused before it is read", async () => {
    for (const bytes of [content.subarray(1), Buffer.concat([content, content])]) {
      const { code, message } = await failure(resolve(cardFor(await serve(sendFile({ bytes })))));
      expect(code).toBe("E_NETWORK");
      expect(message).toMatch(/200000 bytes by the model card, the server announces/);
      expect(await left()).toEqual([]);
    }
  });

  it("longer than the card says, unannounced, is cut off", async () => {
    const url = await serve((_, response) => {
      const timer = setInterval(() => response.write(content.subarray(0, 50_000)), 1);
      response.on("close", () => clearInterval(timer));
    });
    const { code, message } = await failure(resolve(cardFor(url)));
    expect(code).toBe("E_NETWORK");
    expect(message).toMatch(/sends more/);
    expect(await left()).toEqual([]);
  });

  it("that is compressed on the way is refused", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end("x");
    });
    expect((await failure(resolve(cardFor(url)))).message).toMatch(/gzip/);
    expect(scene.requests[0]?.headers["accept-encoding"]).toBe("identity");
  });
});

describe("addresses", () => {
  it("redirects carry no credentials, cookies or referrer to another host", async () => {
    const elsewhere = await serve(sendFile({}));
    const url = await serve((_, response) => {
      response.writeHead(302, { location: elsewhere, "set-cookie": "session=1; Path=/" });
      response.end("moved");
    });
    expect((await resolve(cardFor(url))).origin).toBe("download");
    expect(scene.requests).toHaveLength(2);
    for (const { headers } of scene.requests) {
      for (const name of ["authorization", "cookie", "referer", "proxy-authorization"]) {
        expect(headers[name]).toBeUndefined();
      }
    }
  });

  it("resumes through a redirect", async () => {
    let count = 0;
    const elsewhere = await serve((request, response) =>
      sendFile({ cutAt: count++ === 0 ? 90_000 : undefined })(request, response),
    );
    const url = await serve((_, response) => response.writeHead(307, { location: elsewhere }).end());
    await resolve(cardFor(url));
    expect(scene.requests.at(-1)?.headers.range).toBe("bytes=90000-");
  });

  it.each([
    "http://weights.invalid/net",
    "http://localhost:1/net",
    "ftp://weights.invalid/net",
    "file:///etc/hosts",
    "data:text/plain,x",
    "//user:secret@127.0.0.1:1/net",
    "http://",
  ])("refuses a redirect to %s", async (location) => {
    const url = await serve((_, response) => response.writeHead(302, { location }).end());
    const { code, message } = await failure(resolve(cardFor(url)));
    expect(code).toBe("E_NETWORK");
    expect(message).toMatch(/refused|expected an address/);
    expect(message).not.toContain("secret");
    expect(scene.requests).toHaveLength(1);
  });

  it("refuses plain http, also to this machine, unless a test allows it", async () => {
    const url = await serve(sendFile({}));
    for (const address of [url, "http://weights.invalid/net"]) {
      const { code, message } = await failure(resolve(cardFor(address), { allowLoopbackHttp: false }));
      expect(code).toBe("E_NETWORK");
      expect(message).toMatch(/https/);
    }
    expect(scene.requests).toHaveLength(0);
  });

  it("stops following redirects that go in circles", async () => {
    const url = await serve((_, response) => response.writeHead(301, { location: "/again" }).end());
    expect((await failure(resolve(cardFor(url)))).message).toMatch(/5 redirects/);
  });
});

describe("failures of the server", () => {
  it.each([
    [404, "404 Not Found", 1],
    [403, "403 Forbidden", 1],
    [500, "500 Internal Server Error", 4],
    [503, "503 Service Unavailable", 4],
  ])("%i is told as %s", async (status, text, attempts) => {
    const url = await serve((_, response) => response.writeHead(status).end("<html>no</html>"));
    const { code, message } = await failure(resolve(cardFor(url)));
    expect(code).toBe("E_NETWORK");
    for (const part of [text, url, target(), "the makers of net"]) expect(message).toContain(part);
    expect(scene.requests).toHaveLength(attempts);
    expect(await left()).toEqual([]);
  });

  it("names the host that does not answer", async () => {
    const url = await serve(sendFile({}));
    await new Promise((done) => scene.servers.pop()!.close(done));
    const { code, message } = await failure(resolve(cardFor(url)));
    expect(code).toBe("E_NETWORK");
    expect(message).toMatch(/127\.0\.0\.1:\d+ \(ECONNREFUSED\)/);
  });

  it("a cache folder that cannot be written is told as such", async () => {
    const file = join(scene.cacheDir, "occupied");
    await writeFile(file, "");
    const { code, message } = await failure(resolve(cardFor(await serve(sendFile({}))), { cacheDir: file }));
    expect(code).toBe("E_WEIGHTS");
    expect(message).toMatch(/TLX_CACHE/);
  });
});

it("downloads of one file at the same time do not disturb each other", async () => {
  const card = cardFor(await serve((request, response) => setTimeout(() => sendFile({})(request, response), 20)));
  const results = await Promise.all([resolve(card), resolve(card), resolve(card), resolve(card)]);
  expect(results.every((r) => r.origin === "download")).toBe(true);
  expect(await isWhole()).toBe(true);
  expect(await left()).toEqual(["net.safetensors"]);
});
