/** The weight of sample i of a batch made for tests: every `padding`-th is 0, the others share 1. */
export const weightOf = (i: number, samples: number, padding: number): number =>
  i % padding === padding - 1 ? 0 : 1 / (samples - Math.floor(samples / padding));
