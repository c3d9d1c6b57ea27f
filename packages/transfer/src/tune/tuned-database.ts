/** Kernel choices in IndexedDB, for pages: database "tlx", store "kernels", one record per adapter and version of tlx. */
import { type Gpu, TlxError } from "@tlx/kernels";
import { ownerOf, readRecord, recordOf, type TunedChoices, type TunedStore } from "./tuned-kernels.js";

const DATABASE = "tlx";
const STORE = "kernels";

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function inStore<T>(mode: "readonly" | "readwrite", use: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await settled(opening);
  try {
    return await settled(use(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

/** Where choices of `gpu` are kept in this browser; `tlx` is the version of tlx. Its `add` throws E_DATA when it refuses. */
export function tunedDatabase(gpu: Gpu, tlx: string): TunedStore {
  const owner = ownerOf(gpu, tlx);
  const key = JSON.stringify([owner.adapter, owner.tlx]);
  const load = async (warn: (message: string) => void): Promise<TunedChoices> => {
    const value = await inStore("readonly", (store) => store.get(key)).catch((error) => String(error));
    if (value === undefined) return new Map();
    const read = typeof value === "string" ? `the browser refuses (${value})` : readRecord(value, owner);
    if (typeof read !== "string") return read;
    warn(`the tuned kernels in IndexedDB cannot be used: ${read}`);
    return new Map();
  };
  return {
    place: `IndexedDB ${DATABASE}/${STORE}`,
    load,
    async add(choices) {
      const record = recordOf(owner, new Map([...(await load(() => {})), ...choices]));
      await inStore("readwrite", (store) => store.put(record, key)).catch((error) => {
        throw new TlxError("E_DATA", `tune: the browser does not keep the kernel choices: ${String(error)}`, {}, error);
      });
    },
  };
}
