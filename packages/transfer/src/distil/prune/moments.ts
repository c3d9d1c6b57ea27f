/** Means, variances and covariances of channels, from values [places, channels] as they come. */

export class Moments {
  readonly channels: number;
  private count = 0;
  private readonly sums: Float64Array;
  private readonly squares: Float64Array;

  constructor(channels: number) {
    this.channels = channels;
    this.sums = new Float64Array(channels);
    this.squares = new Float64Array(channels);
  }

  add(values: Float32Array): void {
    const { channels, sums, squares } = this;
    this.count += values.length / channels;
    for (let at = 0; at < values.length; ) {
      for (let c = 0; c < channels; c++, at++) {
        const value = values[at]!;
        sums[c]! += value;
        squares[c]! += value * value;
      }
    }
  }

  get mean(): Float64Array {
    return this.sums.map((sum) => sum / this.count);
  }

  get variance(): Float64Array {
    const { mean } = this;
    return this.squares.map((sum, c) => Math.max(0, sum / this.count - mean[c]! ** 2));
  }
}

/** Places of one picture that are looked at: neighbours tell little that is new, and a product of all channels costs. */
const PLACES = 9;

export class Covariance {
  readonly channels: number;
  private pictures = 0;
  private count = 0;
  private readonly sums: Float64Array;
  private readonly products: Float64Array;

  constructor(channels: number) {
    this.channels = channels;
    this.sums = new Float64Array(channels);
    this.products = new Float64Array(channels * channels);
  }

  /** Of one picture. Places are evenly apart, others for every picture. */
  add(values: Float32Array): void {
    const { channels, sums, products } = this;
    const places = values.length / channels;
    const apart = Math.max(1, Math.floor(places / PLACES));
    for (let place = this.pictures++ % apart; place < places; place += apart) {
      const row = values.subarray(place * channels, (place + 1) * channels);
      this.count++;
      for (let i = 0; i < channels; i++) {
        const value = row[i]!;
        if (value === 0) continue; // most of what an activation lets through
        sums[i]! += value;
        for (let j = 0, at = i * channels; j < channels; j++, at++) products[at]! += value * row[j]!;
      }
    }
  }

  get mean(): Float64Array {
    return this.sums.map((sum) => sum / this.count);
  }

  get matrix(): Float64Array {
    const { channels, count, mean } = this;
    return this.products.map((sum, at) => sum / count - mean[Math.floor(at / channels)]! * mean[at % channels]!);
  }
}
