/** Other runtimes that the bench page can run: those with a bench/peers/NAME-page.js. */
export const browserPeers = ["tfjs-webgpu"] as const;
