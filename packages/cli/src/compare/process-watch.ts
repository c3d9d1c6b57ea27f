/** What this process takes from now on. */

const EVERY_MS = 200;

export class ProcessWatch {
  private most = process.memoryUsage.rss();
  private readonly cpu = process.cpuUsage();
  private readonly timer: NodeJS.Timeout = setInterval(() => this.look(), EVERY_MS).unref();

  /** Most bytes that were resident at a look, and the time of all threads; stops looking. */
  end(): { readonly processBytes: number; readonly cpuSeconds: number } {
    clearInterval(this.timer);
    this.look();
    const { user, system } = process.cpuUsage(this.cpu);
    return { processBytes: this.most, cpuSeconds: (user + system) / 1e6 };
  }

  private look(): void {
    this.most = Math.max(this.most, process.memoryUsage.rss());
  }
}
