import type { FeatureStore } from "../features/feature-store.js";
import type { OpenFeatures } from "../train/extract-features.js";

/** Stores that stay open for many trainings, so that features are computed once. */
export class SharedFeatures {
  private readonly opened = new Map<string, Promise<FeatureStore>>();
  private readonly source: OpenFeatures;

  constructor(source: OpenFeatures) {
    this.source = source;
  }

  /** As `TrainInput.openFeatures`; closing what it gives does nothing. */
  readonly open: OpenFeatures = async (key, width, warn) => {
    let store = this.opened.get(key);
    if (!store) {
      store = this.source(key, width, warn);
      this.opened.set(key, store);
    }
    return keptOpen(await store);
  };

  async close(): Promise<void> {
    const all = await Promise.allSettled([...this.opened.values()]);
    this.opened.clear();
    for (const found of all) if (found.status === "fulfilled") await found.value.close();
  }
}

const keptOpen = (store: FeatureStore): FeatureStore => ({
  width: store.width,
  has: (hash) => store.has(hash),
  put: (hash, row) => store.put(hash, row),
  read: (hashes, into) => store.read(hashes, into),
  flush: () => store.flush(),
  close: async () => {},
});
