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
  static any(signals: readonly AbortSignal[]): AbortSignal;
}
declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
declare const performance: { now(): number };
declare const crypto: {
  readonly subtle: { digest(name: "SHA-256", data: Uint8Array): Promise<ArrayBuffer> };
  randomUUID(): string;
};
declare function setTimeout(run: () => void, ms: number): unknown;
declare function clearTimeout(timer: unknown): void;
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
declare class Blob {
  constructor(parts: readonly (Uint8Array | Blob)[]);
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
  slice(begin: number, end: number): Blob;
}
declare class File extends Blob {
  constructor(parts: readonly (Uint8Array | Blob)[], name: string);
  readonly name: string;
  readonly webkitRelativePath: string;
}
interface ImageBitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}
declare function createImageBitmap(
  source: Blob,
  options: { imageOrientation: "from-image"; colorSpaceConversion: "none"; premultiplyAlpha: "none" },
): Promise<ImageBitmap>;
declare class OffscreenCanvas {
  constructor(width: number, height: number);
  getContext(kind: "2d", options: { willReadFrequently: boolean }): CanvasPixels | null;
  getContext(kind: "webgl2"): TexturePixels | null;
}
interface CanvasPixels {
  drawImage(image: ImageBitmap, x: number, y: number): void;
  getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
}
/** Of WebGL 2 what reads a texture back. */
interface TexturePixels {
  readonly MAX_TEXTURE_SIZE: number;
  readonly TEXTURE_2D: number;
  readonly UNPACK_COLORSPACE_CONVERSION_WEBGL: number;
  readonly NONE: number;
  readonly RGBA: number;
  readonly RGBA8: number;
  readonly UNSIGNED_BYTE: number;
  readonly FRAMEBUFFER: number;
  readonly COLOR_ATTACHMENT0: number;
  readonly NO_ERROR: number;
  getParameter(name: number): number;
  createTexture(): object;
  bindTexture(target: number, texture: object): void;
  pixelStorei(name: number, value: number): void;
  texImage2D(target: number, level: number, internal: number, format: number, type: number, source: ImageBitmap): void;
  createFramebuffer(): object;
  bindFramebuffer(target: number, framebuffer: object): void;
  framebufferTexture2D(target: number, attachment: number, kind: number, texture: object, level: number): void;
  readPixels(x: number, y: number, width: number, height: number, format: number, type: number, into: Uint8Array): void;
  getError(): number;
  getExtension(name: "WEBGL_lose_context"): { loseContext(): void } | null;
}
declare class Response {
  constructor(body: Uint8Array);
  readonly status: number;
  readonly statusText: string;
  readonly headers: { get(name: string): string | null };
  readonly body: {
    getReader(): { read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array }> };
  } | null;
  arrayBuffer(): Promise<ArrayBuffer>;
}
declare function fetch(
  url: string,
  options: { headers: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<Response>;
declare const caches: {
  open(name: string): Promise<{
    match(url: string): Promise<Response | undefined>;
    put(url: string, response: Response): Promise<void>;
    delete(url: string): Promise<boolean>;
  }>;
};
/** A folder of the origin private file system (OPFS). */
interface FileSystemDirectoryHandle {
  readonly kind: "directory";
  getDirectoryHandle(name: string, options?: { create: boolean }): Promise<FileSystemDirectoryHandle>;
  getFileHandle(name: string, options?: { create: boolean }): Promise<FileSystemFileHandle>;
  removeEntry(name: string, options?: { recursive: boolean }): Promise<void>;
  entries(): AsyncIterable<[name: string, handle: FileSystemDirectoryHandle | FileSystemFileHandle]>;
}
interface FileSystemFileHandle {
  readonly kind: "file";
  getFile(): Promise<File>;
  /** Not in Safari before version 26. */
  createWritable?(): Promise<{
    write(bytes: Uint8Array): Promise<void>;
    close(): Promise<void>;
    abort(): Promise<void>;
  }>;
  /** In workers only. */
  createSyncAccessHandle?(): Promise<{
    truncate(size: number): void;
    write(bytes: Uint8Array): number;
    flush(): void;
    close(): void;
  }>;
  /** In its folder; takes the place of a file of that name. */
  move(name: string): Promise<void>;
}
declare const navigator: {
  readonly storage?: { getDirectory?(): Promise<FileSystemDirectoryHandle> };
  readonly locks?: {
    request<T>(
      name: string,
      options: { mode: "exclusive" | "shared"; signal: AbortSignal },
      run: () => Promise<T>,
    ): Promise<T>;
  };
};
declare class DecompressionStream {
  constructor(format: "deflate-raw");
  readonly writable: { getWriter(): { write(bytes: Uint8Array): Promise<void>; close(): Promise<void> } };
  readonly readable: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array }>;
      cancel(): Promise<void>;
    };
  };
}
