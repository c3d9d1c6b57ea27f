/**
 * Losses of single steps, made smooth.
 *
 * Formula  smoothed[i] = m[i] / (1 - beta^i), m[i] = beta m[i-1] + (1 - beta) loss[i], i from 1, m[0] = 0
 * Source   Kingma and Ba 2015, Adam, section 3, for the correction of the start
 */

/** Takes one loss after the other. */
export class Smoother {
  private readonly beta: number;
  private mean = 0;
  private count = 0;

  /** `beta` is the share that is kept, from 0 to below 1. */
  constructor(beta: number) {
    this.beta = beta;
  }

  next(loss: number): number {
    this.mean = this.beta * this.mean + (1 - this.beta) * loss;
    this.count++;
    return this.mean / (1 - this.beta ** this.count);
  }
}

export function smoothLosses(losses: readonly number[], beta: number): number[] {
  const smoother = new Smoother(beta);
  return losses.map((loss) => smoother.next(loss));
}
