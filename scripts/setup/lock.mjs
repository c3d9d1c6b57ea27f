/**
 * The first package of the lock that is not installed as locked, or undefined when all are. Optional packages may be
 * missing: most of them are binaries for other platforms.
 * @param {Record<string, { version?: string, integrity?: string, optional?: boolean }>} locked `packages` of package-lock.json
 * @param {Record<string, { version?: string, integrity?: string }>} installed `packages` of node_modules/.package-lock.json
 * @param {(path: string) => boolean} exists
 * @returns {string | undefined}
 */
export function firstNotInstalled(locked, installed, exists) {
  for (const [path, want] of Object.entries(locked)) {
    if (!path.includes("node_modules/")) continue;
    const have = installed[path];
    if (!have && want.optional) continue;
    if (!have || have.version !== want.version || have.integrity !== want.integrity || !exists(path)) return path;
  }
  return undefined;
}
