/** @param {string} reason why a peer has no way to do a work */
export function cannot(reason) {
  throw new Error(reason);
}
