import { defineConfig } from "vite";

export default defineConfig({
  base: "./", // the built page may lie in any folder of a server
  build: {
    assetsInlineLimit: 0, // data: addresses would need more than default-src 'self'
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  worker: { format: "es" },
  // What workers import is found at the start, else `vite` would reload the page when one begins.
  optimizeDeps: { entries: ["index.html", "src/*worker.ts"] },
});
