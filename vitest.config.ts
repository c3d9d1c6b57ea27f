import { configDefaults, defineConfig } from "vitest/config";

const conditions = ["tlx-source", "node", "import", "default"];

/** Tests that start commands, pages and servers: they wait more than they compute, so npm test runs them beside the others. */
const outside = [
  "test/{bench,cli,cli-*,examples,packages,process-exit,quickstart}.test.ts",
  "test/browser/**/*.test.ts",
];

// One worker without isolation: Dawn's Node binding allows one instance per process, and tests share it.
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    setupFiles: ["test/setup.ts"],
    pool: "forks",
    maxWorkers: 1,
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 10_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "inside",
          include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...outside],
        },
      },
      // Chromium computes on the processor, beside the others.
      { extends: true, test: { name: "outside", include: outside, testTimeout: 240_000, hookTimeout: 240_000 } },
    ],
  },
});
