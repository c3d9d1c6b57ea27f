/**
 * Reads a pickle of protocols 2 to 5 without executing it: a machine of a fixed list of opcodes that builds data, and hands the
 * few calls torch.save needs to `host`. Everything else is refused by name.
 *
 * Throws   E_WEIGHTS
 * Source   the opcode table of CPython's Lib/pickletools.py
 */
import { TlxError } from "@tlx/kernels";
import { showName } from "../safetensors-header.js";
import { refusedOpcodes } from "./pickle-opcodes.js";
import { isKind, type PickleDict, type PickleValue, showKind } from "./pickle-value.js";

/** The names a pickle may say, and what they make. Each throws E_WEIGHTS for what it does not know. */
export interface PickleHost {
  global(name: string): PickleValue;
  call(name: string, args: readonly PickleValue[]): PickleValue;
  persistent(id: PickleValue): PickleValue;
}

/**
 * Every step makes at most one value, and a call counts once more for every item of a list that it is given, so this bounds
 * memory and time; a network of 1000 tensors takes 40 000.
 */
const maxSteps = 400_000;
const maxNameBytes = 200;
const STOP = 0x2e;

export function refusePickle(what: string): never {
  throw new TlxError("E_WEIGHTS", `PyTorch file: ${what}`);
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #host: PickleHost;
  readonly #memo = new Map<number, PickleValue>();
  readonly #marked: PickleValue[][] = [];
  #stack: PickleValue[] = [];
  #at: number;
  #steps = 0;

  constructor(bytes: Uint8Array, at: number, host: PickleHost) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
    this.#host = host;
  }

  get end(): number {
    return this.#at;
  }

  /** Where the next `length` bytes begin. */
  #take(length: number): number {
    const at = this.#at;
    if (!(length <= this.#bytes.length - at)) {
      refusePickle(`expected ${length} bytes more at byte ${at} of its pickle, found its end; the file is truncated`);
    }
    this.#at += length;
    return at;
  }

  #u8 = (): number => this.#bytes[this.#take(1)];
  #u32 = (): number => this.#view.getUint32(this.#take(4), true);
  #u64 = (): number => Number(this.#view.getBigUint64(this.#take(8), true));

  #text(length: number): string {
    const at = this.#take(length);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(this.#bytes.subarray(at, at + length));
    } catch {
      return refusePickle(`expected text in UTF-8 at byte ${at} of its pickle, found other bytes`);
    }
  }

  /** A name of a module or of what is in it, to the end of its line. */
  #line(): string {
    const end = this.#bytes.subarray(this.#at, this.#at + maxNameBytes).indexOf(10);
    if (end < 0) refusePickle(`expected a name of at most ${maxNameBytes} bytes at byte ${this.#at} of its pickle`);
    const line = this.#text(end);
    this.#take(1);
    return line;
  }

  /** Two's complement, little-endian, of any length up to 255 bytes. */
  #long(length: number): number | bigint {
    const at = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[at + i]);
    value = BigInt.asIntN(8 * length, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  #pop(what: string): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined) refusePickle(`expected ${what} at byte ${this.#at} of its pickle, found nothing`);
    return value;
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  /** All since the last mark. */
  #popMark(): PickleValue[] {
    const items = this.#stack;
    const before = this.#marked.pop();
    if (!before) refusePickle(`expected a mark before byte ${this.#at} of its pickle, found none`);
    this.#stack = before;
    return items;
  }

  #tuple(length: number): void {
    const items = Array.from({ length }, () => this.#pop("an item of a tuple")).reverse();
    this.#push({ kind: "tuple", items });
  }

  #top(): PickleValue | undefined {
    return this.#stack.at(-1);
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (!isKind(list, "list")) refusePickle(`expected a list to append to, found ${showKind(list)}`);
    for (const item of items) list.items.push(item);
  }

  #setItems(items: readonly PickleValue[]): void {
    const dict = this.#top();
    if (!isKind(dict, "dict")) refusePickle(`expected a dictionary to set items of, found ${showKind(dict)}`);
    if (items.length % 2 !== 0) refusePickle("expected keys with values, found a key without one");
    for (let i = 0; i < items.length; i += 2) setItem(dict, items[i], items[i + 1]);
  }

  #remember(key: number): void {
    const value = this.#top();
    if (value === undefined) refusePickle(`expected a value to remember at byte ${this.#at} of its pickle`);
    this.#memo.set(key, value);
  }

  #recall(key: number): void {
    const value = this.#memo.get(key);
    if (value === undefined) refusePickle(`expected a value remembered as ${key}, found none`);
    this.#push(value);
  }

  #reduce(): void {
    const args = this.#pop("arguments");
    const callee = this.#pop("what to call");
    if (!isKind(callee, "global")) refusePickle(`expected the name of what to call, found ${showKind(callee)}`);
    if (!isKind(args, "tuple")) refusePickle(`expected a tuple of arguments, found ${showKind(args)}`);
    for (const arg of args.items) if (isKind(arg, "list")) this.#spend(arg.items.length);
    this.#push(this.#host.call(callee.name, args.items));
  }

  /** State of a dictionary or parameter beside its contents, such as the versions of modules: passed over. */
  #build(): void {
    this.#pop("a state");
    const object = this.#top();
    if (!isKind(object, "dict") && !isKind(object, "tensor")) {
      refusePickle(`expected a dictionary or tensor to give a state to (BUILD), found ${showKind(object)}`);
    }
  }

  #stackGlobal(): void {
    const name = this.#pop("a name");
    const module = this.#pop("a module");
    if (typeof name !== "string" || typeof module !== "string") refusePickle("expected a module and a name as texts");
    this.#push(this.#host.global(`${module}.${name}`));
  }

  #protocol(): void {
    const protocol = this.#u8();
    if (protocol < 2 || protocol > 5) refusePickle(`expected pickle protocol 2 to 5, found ${protocol}`);
  }

  #frame(): void {
    const length = this.#u64();
    if (length > this.#bytes.length - this.#at) refusePickle("expected a frame within the pickle; it is truncated");
  }

  #mark(): void {
    this.#marked.push(this.#stack);
    this.#stack = [];
  }

  #setItem(): void {
    const value = this.#pop("a value");
    this.#setItems([this.#pop("a key"), value]);
  }

  /** All that is followed, by opcode. */
  readonly #opcodes: Readonly<Record<string, () => void>> = {
    "\x80": () => this.#protocol(),
    "\x95": () => this.#frame(),
    "(": () => this.#mark(),
    N: () => this.#push(null),
    "\x88": () => this.#push(true),
    "\x89": () => this.#push(false),
    J: () => this.#push(this.#view.getInt32(this.#take(4), true)),
    K: () => this.#push(this.#u8()),
    M: () => this.#push(this.#view.getUint16(this.#take(2), true)),
    "\x8a": () => this.#push(this.#long(this.#u8())),
    G: () => this.#push(this.#view.getFloat64(this.#take(8))),
    X: () => this.#push(this.#text(this.#u32())),
    T: () => this.#push(this.#text(this.#u32())),
    "\x8c": () => this.#push(this.#text(this.#u8())),
    U: () => this.#push(this.#text(this.#u8())),
    "\x8d": () => this.#push(this.#text(this.#u64())),
    ")": () => this.#push({ kind: "tuple", items: [] }),
    "\x85": () => this.#tuple(1),
    "\x86": () => this.#tuple(2),
    "\x87": () => this.#tuple(3),
    t: () => this.#push({ kind: "tuple", items: this.#popMark() }),
    "]": () => this.#push({ kind: "list", items: [] }),
    a: () => this.#append([this.#pop("an item")]),
    e: () => this.#append(this.#popMark()),
    "}": () => this.#push({ kind: "dict", entries: new Map() }),
    s: () => this.#setItem(),
    u: () => this.#setItems(this.#popMark()),
    q: () => this.#remember(this.#u8()),
    r: () => this.#remember(this.#u32()),
    "\x94": () => this.#remember(this.#memo.size),
    h: () => this.#recall(this.#u8()),
    j: () => this.#recall(this.#u32()),
    c: () => this.#push(this.#host.global(`${this.#line()}.${this.#line()}`)),
    "\x93": () => this.#stackGlobal(),
    R: () => this.#reduce(),
    b: () => this.#build(),
    Q: () => this.#push(this.#host.persistent(this.#pop("an id"))),
  };

  #step(code: number): void {
    const letter = String.fromCharCode(code);
    if (Object.hasOwn(this.#opcodes, letter)) {
      this.#opcodes[letter]();
      return;
    }
    const name = refusedOpcodes.get(code) ?? `0x${code.toString(16).padStart(2, "0")}`;
    refusePickle(
      `expected only what builds tensors, dictionaries, lists, text and numbers, found opcode ${name} at byte ${this.#at - 1} of its pickle, which is refused; save model.state_dict() with torch.save`,
    );
  }

  #spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > maxSteps) refusePickle(`expected a pickle of at most ${maxSteps} steps, found more`);
  }

  run(): PickleValue {
    for (let code = this.#u8(); code !== STOP; code = this.#u8()) {
      this.#spend(1);
      this.#step(code);
    }
    const value = this.#pop("a result");
    if (this.#stack.length > 0 || this.#marked.length > 0) refusePickle("expected one result, found more on its stack");
    return value;
  }
}

/** Sets one item. Keys are text, numbers and booleans. */
export function setItem(dict: PickleDict, key: PickleValue, value: PickleValue): void {
  if (typeof key !== "string" && typeof key !== "number" && typeof key !== "boolean") {
    refusePickle(`expected text or numbers as keys of a dictionary, found ${showKind(key)}`);
  }
  if (dict.entries.has(key)) refusePickle(`expected each key once, found ${showName(String(key))} again`);
  dict.entries.set(key, value);
}

/** The value of the pickle that begins at byte `at`, and where it ends. */
export function readPickle(bytes: Uint8Array, at: number, host: PickleHost): { value: PickleValue; end: number } {
  const machine = new Machine(bytes, at, host);
  const value = machine.run();
  return { value, end: machine.end };
}
