// The few web globals browser-safe code uses. Node and every browser have them; the DOM library would bring hundreds more.
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes: Uint8Array): string;
}
declare class TextEncoder {
  encode(text: string): Uint8Array;
}
declare class AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
}
declare const performance: { now(): number };
declare const crypto: { readonly subtle: { digest(name: "SHA-256", data: Uint8Array): Promise<ArrayBuffer> } };
interface IDBRequest<T> {
  readonly result: T;
  readonly error: unknown;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}
interface IDBObjectStore {
  get(key: string): IDBRequest<unknown>;
  put(value: unknown, key: string): IDBRequest<unknown>;
}
interface IDBDatabase {
  createObjectStore(name: string): IDBObjectStore;
  transaction(store: string, mode: "readonly" | "readwrite"): { objectStore(name: string): IDBObjectStore };
  close(): void;
}
declare const indexedDB: {
  open(name: string, version: number): IDBRequest<IDBDatabase> & { onupgradeneeded: (() => void) | null };
};
