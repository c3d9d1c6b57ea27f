/**
 * Where a run keeps its files. Paths are relative to its folder, with slashes. A file is replaced whole or stays as it was, and so
 * it is after a kill.
 */
export interface RunStorage {
  /** A file by its path, for people. */
  place(path: string): string;
  /** undefined where there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  replace(path: string, data: Uint8Array | string): Promise<void>;
  /** Adds whole lines to the end of a file, or none. */
  append(path: string, lines: string): Promise<void>;
  /** Does nothing where there is none. */
  remove(path: string): Promise<void>;
  /** Makes the folder model/ of `files`, whole or not at all, the last one last; then the state goes, nobody needs it any more. */
  finish(files: ReadonlyMap<string, Uint8Array | string>): Promise<void>;
}
