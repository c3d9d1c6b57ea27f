/**
 * GPU time of launches: timestamp queries where the device has them and what they say can be, else the time on the wall
 * until the queue is idle. Launches are repeated in one submit, because both clocks are coarse.
 */
import { type Gpu, type Launch, profileLaunches, replay } from "@tlx/kernels";

const LONG_MS = 5; // timestamps step by up to 0.1 ms
const MOST_REPEATS = 200;

export class Stopwatch {
  private readonly gpu: Gpu;
  /** Whether times are read from timestamps; becomes false when these cannot be. */
  timestamps: boolean;

  constructor(gpu: Gpu) {
    this.gpu = gpu;
    this.timestamps = gpu.capabilities.timestamps;
  }

  /** Milliseconds of one of `repeats` runs. */
  async measure(launches: readonly Launch[], repeats: number): Promise<number> {
    await this.gpu.idle();
    const start = performance.now();
    if (!this.timestamps) {
      this.submit(launches, repeats);
      await this.gpu.idle();
      return (performance.now() - start) / repeats;
    }
    const times = await profileLaunches(this.gpu, launches, repeats);
    const wall = performance.now() - start;
    const ms = times.reduce((sum, time) => sum + time.ms, 0);
    // A clock that stands still or runs ahead of the wall is none.
    if (ms > 0 && ms * repeats < 1.1 * wall) return ms;
    this.timestamps = false;
    return wall / repeats;
  }

  /** How often launches must be repeated to take long enough to be told from each other, and what one run takes about. */
  async calibrate(launches: readonly Launch[]): Promise<{ readonly repeats: number; readonly ms: number }> {
    let repeats = 1;
    for (;;) {
      const ms = await this.measure(launches, repeats);
      if (ms * repeats >= LONG_MS || repeats >= MOST_REPEATS) return { repeats, ms };
      repeats = Math.min(MOST_REPEATS, Math.ceil((1.2 * LONG_MS) / Math.max(ms, (1.2 * LONG_MS) / (8 * repeats))));
    }
  }

  private submit(launches: readonly Launch[], repeats: number): void {
    const { device } = this.gpu;
    const encoder = device.createCommandEncoder({ label: "tune" });
    const pass = encoder.beginComputePass({ label: "tune" });
    for (let i = 0; i < repeats; i++) replay(pass, launches);
    pass.end();
    device.queue.submit([encoder.finish()]);
  }
}
