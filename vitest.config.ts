import { defineConfig } from "vitest/config";

const conditions = ["tlx-source", "node", "import", "default"];

// One worker without isolation: Dawn's Node binding allows one instance per process, and tests share it.
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    pool: "forks",
    maxWorkers: 1,
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
