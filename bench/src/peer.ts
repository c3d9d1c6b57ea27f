/**
 * Other runtimes, each in a process of its own, so that one's crash or memory is not another's. They are installed by
 * `npm run bench:peers` and lie in bench/peers; what each can do is in its README.
 */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Gpu, TlxError } from "@tlx/kernels";
import type { PeerWork } from "./peer-work.js";
import {
  type CannotPrepare,
  type OpenedPeer,
  type PeerAdapter,
  type PeerQuestion,
  peerAdapter,
  prepareBy,
} from "./suite/peer-questions.js";
import type { PreparedPeerWork } from "./suite/suite-peer.js";

export type PeerName = "tfjs-webgpu" | "tfjs-wasm" | "ort-webgpu" | "ort-node" | "jax-webgpu";
export const peerNames: readonly PeerName[] = ["tfjs-webgpu", "tfjs-wasm", "ort-webgpu", "ort-node", "jax-webgpu"];

export interface PeerOptions {
  /** The process is ended when it gives no answer for so long. Default: 15 minutes, since compiling on a software adapter takes some. */
  readonly timeoutMs?: number;
  /** Ends the process; what was asked of it rejects with the reason. */
  readonly signal?: AbortSignal;
}

export interface Peer {
  readonly name: PeerName;
  readonly version: string;
  /** Undefined for a runtime on the CPU. */
  readonly adapter: PeerAdapter | undefined;
  prepare(work: PeerWork): Promise<PreparedPeerWork | CannotPrepare>;
  close(): Promise<void>;
}

const folder = fileURLToPath(new URL("../peers/", import.meta.url));
const STDERR_LINES = 12;
const TIMEOUT_MS = 15 * 60_000;

export const peersInstalled = (): boolean => existsSync(path.join(folder, "node_modules", ".package-lock.json"));

/** Throws E_USAGE. */
export function assertPeersInstalled(): void {
  if (peersInstalled()) return;
  throw new TlxError(
    "E_USAGE",
    "bench: expected the other runtimes in bench/peers, found none (they are large, so they are not installed by setup); run: npm run bench:peers",
  );
}

/**
 * Starts the peer's process on the adapter of `gpu`. Throws E_USAGE when the peers are not installed, E_DEVICE when it does not start.
 * Later calls throw E_DEVICE when the process ended or was ended for giving no answer; `prepare` then starts another one.
 */
export async function openPeer(name: PeerName, gpu: Gpu, options: PeerOptions = {}): Promise<Peer> {
  assertPeersInstalled();
  const adapter = peerAdapter(gpu.device.adapterInfo);
  const start = (): PeerProcess => new PeerProcess(name, adapter, options);
  let child = start();
  const opened = await child.opened;
  return {
    name,
    ...opened,
    async prepare(work) {
      if (child.hasEnded) {
        child = start();
        await child.opened;
      }
      return prepareBy(child.ask, work);
    },
    close: () => child.close(),
  };
}

/** Asks one question at a time. */
class PeerProcess {
  readonly opened: Promise<OpenedPeer>;
  hasEnded = false;
  private readonly name: PeerName;
  private readonly options: PeerOptions;
  private readonly child: ChildProcess;
  private readonly ended: Promise<string>;
  private last: Promise<unknown> = Promise.resolve();
  private stderr = "";

  constructor(name: PeerName, adapter: PeerAdapter, options: PeerOptions) {
    this.name = name;
    this.options = options;
    this.child = fork(path.join(folder, `${name}.js`), [], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const stderr = this.child.stderr!.setEncoding("utf8");
    stderr.on("data", (text: string) => {
      this.stderr = `${this.stderr}${text}`.split("\n").slice(-STDERR_LINES).join("\n");
    });
    const exit = new Promise<string>((resolve) => {
      this.child.once("error", (error) => resolve(String(error)));
      this.child.once("exit", (code, signal) => resolve(`its process ended with ${signal ?? code}`));
    });
    const last = new Promise<void>((resolve) => stderr.once("close", resolve));
    this.ended = exit.then(async (how) => {
      this.hasEnded = true;
      await last;
      return how;
    });
    this.opened = this.ask<OpenedPeer>({ kind: "open", adapter });
  }

  readonly ask = <T>(question: PeerQuestion): Promise<T> => {
    const answer = this.last.then(() => this.exchange<T>(question));
    this.last = answer.catch(() => {});
    return answer;
  };

  private async exchange<T>(question: PeerQuestion): Promise<T> {
    const { timeoutMs = TIMEOUT_MS, signal } = this.options;
    signal?.throwIfAborted();
    const answered = new Promise<{ readonly answer: T }>((resolve) => {
      this.child.once("message", (message) => resolve(message as { readonly answer: T }));
    });
    const kill = (): void => void this.child.kill("SIGKILL");
    let overdue = "";
    const timer = setTimeout(() => {
      overdue = `no answer in ${timeoutMs / 1000} s, so `;
      kill();
    }, timeoutMs);
    signal?.addEventListener("abort", kill);
    try {
      if (this.child.connected) this.child.send(question, () => {});
      const found = await Promise.race([answered, this.ended]);
      if (typeof found === "object") return found.answer;
      signal?.throwIfAborted();
      throw new TlxError(
        "E_DEVICE",
        `${this.name}: ${question.kind}: ${overdue}${found}\n${this.stderr.trim()}`.trim(),
      );
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", kill);
    }
  }

  /** There is nothing to be saved, and some runtimes hang when they take themselves down. */
  async close(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }
}
