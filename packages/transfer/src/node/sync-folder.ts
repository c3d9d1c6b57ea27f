import { open } from "node:fs/promises";

/** Makes what was created or renamed in `folder` last through a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return; // Windows cannot open folders and does not need to
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}
