/** Files and folders that were dropped on a page. */

/** The files with their paths, those of folders with all below. Call it while the drop is handled: later there is nothing to read. */
export async function droppedFiles(data: DataTransfer): Promise<readonly (readonly [path: string, file: File])[]> {
  const found = [...data.items]
    .filter(({ kind }) => kind === "file")
    .map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const files = found.map(async (item): Promise<[string, File][]> => {
    if (item === null) return [];
    return item instanceof File ? [[item.name, item]] : walk(item);
  });
  return (await Promise.all(files)).flat();
}

async function walk(entry: FileSystemEntry): Promise<[string, File][]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [[entry.fullPath.replace(/^\//, ""), file]];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const all: FileSystemEntry[] = [];
  // A reader gives some at a time, and none at its end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    all.push(...some);
  }
  return (await Promise.all(all.map(walk))).flat();
}
