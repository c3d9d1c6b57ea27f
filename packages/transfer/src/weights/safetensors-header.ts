/**
 * Reads the JSON header of a safetensors file: exactly its schema, nothing else of JSON.
 *
 * `JSON.parse` keeps the last of duplicate keys, rounds integers above 2^53 and spends seconds on nested brackets, so
 * the text is read token by token. No production calls itself: nesting is bounded by the schema.
 *
 * Throws   E_WEIGHTS naming the tensor, what was expected and what was found
 */
import { TlxError } from "@tlx/kernels";

export interface HeaderEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First byte and one past the last, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly entries: ReadonlyMap<string, HeaderEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** A name from a file, fit for a message: short, and without characters that steer a terminal. */
export function showName(name: string): string {
  const clean = name.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "?");
  return clean.length > 80 ? `"${clean.slice(0, 77)}..."` : `"${clean}"`;
}

const escapes = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

class Scanner {
  readonly #text: string;
  #at = 0;
  /** What is being read, for messages. */
  where = "header";

  constructor(text: string) {
    this.#text = text;
  }

  fail(expected: string): never {
    const found = this.#at < this.#text.length ? showName(this.#text.slice(this.#at, this.#at + 20)) : "the end";
    throw new TlxError(
      "E_WEIGHTS",
      `safetensors ${this.where}: expected ${expected} at character ${this.#at} of the header, found ${found}`,
    );
  }

  #skipSpace(): void {
    while (" \t\n\r".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }

  /** Takes `token` if it comes next. */
  take(token: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) this.fail(`"${token}"`);
  }

  /** The format pads the header with spaces, and with nothing else. */
  expectPadding(): void {
    while (this.#text[this.#at] === " ") this.#at++;
    if (this.#at < this.#text.length) this.fail("nothing but spaces after the closing brace");
  }

  string(what: string): string {
    if (!this.take('"')) this.fail(`${what}, a string`);
    let value = "";
    for (let start = this.#at; ; start = this.#at) {
      while (this.#at < this.#text.length && !this.#endsPlainRun()) this.#at++;
      value += this.#text.slice(start, this.#at);
      const next = this.#text[this.#at];
      if (next === '"') {
        this.#at++;
        if (/\p{Cs}/u.test(value)) this.fail(`${what} in valid Unicode, without half a surrogate pair,`);
        return value;
      }
      if (next !== "\\") this.fail(`${what} to go on without control characters to its closing quote`);
      value += this.#escape();
    }
  }

  #endsPlainRun(): boolean {
    const code = this.#text.charCodeAt(this.#at);
    return code === 0x22 || code === 0x5c || code < 0x20;
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? "";
    const plain = escapes.get(letter);
    if (plain !== undefined) {
      this.#at += 2;
      return plain;
    }
    const digits = this.#text.slice(this.#at + 2, this.#at + 6);
    if (letter !== "u" || !/^[0-9a-fA-F]{4}$/.test(digits)) this.fail("a JSON escape");
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  /** A whole number from 0 to 2^53 - 1, in digits alone. */
  integer(what: string): number {
    this.#skipSpace();
    const start = this.#at;
    while (/[0-9]/.test(this.#text[this.#at] ?? "")) this.#at++;
    const digits = this.#text.slice(start, this.#at);
    const value = Number(digits);
    const plain = /^(0|[1-9][0-9]{0,15})$/.test(digits) && !/[.eE+-]/.test(this.#text[this.#at] ?? "");
    if (!plain || !Number.isSafeInteger(value)) {
      this.#at = start;
      this.fail(`${what}, an integer from 0 to 2^53 - 1,`);
    }
    return value;
  }

  integers(what: string): number[] {
    if (!this.take("[")) this.fail(`${what}, a list of integers`);
    const list: number[] = [];
    if (this.take("]")) return list;
    do list.push(this.integer(what));
    while (this.take(","));
    this.expect("]");
    return list;
  }

  /** Calls `member` at each value of an object. A key that comes twice is refused. */
  object(what: string, member: (key: string) => void): void {
    if (!this.take("{")) this.fail(`${what}, an object`);
    const seen = new Set<string>();
    if (this.take("}")) return;
    do {
      const key = this.string(`a key of ${what}`);
      if (seen.has(key)) this.fail(`each key of ${what} once, not ${showName(key)} again,`);
      seen.add(key);
      this.expect(":");
      member(key);
    } while (this.take(","));
    this.expect("}");
  }
}

function readEntry(scanner: Scanner, name: string): HeaderEntry {
  const field: { dtype?: string; shape?: number[]; offsets?: number[] } = {};
  scanner.where = `tensor ${showName(name)}`;
  scanner.object("the tensor", (key) => {
    if (key === "dtype") field.dtype = scanner.string("dtype");
    else if (key === "shape") field.shape = scanner.integers("shape");
    else if (key === "data_offsets") field.offsets = scanner.integers("data_offsets");
    else scanner.fail(`only dtype, shape and data_offsets, not ${showName(key)},`);
  });
  const { dtype, shape, offsets } = field;
  if (dtype === undefined) scanner.fail("dtype before the closing brace");
  if (shape === undefined) scanner.fail("shape before the closing brace");
  if (offsets?.length !== 2) scanner.fail("data_offsets of two numbers before the closing brace");
  scanner.where = "header";
  return { name, dtype, shape, begin: offsets[0], end: offsets[1] };
}

export function parseHeader(text: string): Header {
  const scanner = new Scanner(text);
  const entries = new Map<string, HeaderEntry>();
  const metadata = new Map<string, string>();
  scanner.object("the header", (name) => {
    if (name === "__metadata__") {
      scanner.object("__metadata__", (key) => metadata.set(key, scanner.string(`__metadata__ ${showName(key)}`)));
    } else entries.set(name, readEntry(scanner, name));
  });
  scanner.expectPadding();
  return { entries, metadata };
}
