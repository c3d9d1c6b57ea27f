import { Presets, SingleBar } from "cli-progress";

export interface ProgressOptions {
  readonly label: string;
  /** How a count is shown; plain by default. */
  readonly format?: (count: number) => string;
  /** Between two lines where there is no terminal. */
  readonly everyMs?: number;
}

/** Counts towards a total. */
export interface Progress {
  update(done: number, total: number | undefined): void;
  /** Takes the bar away. */
  end(): void;
}

/** A bar that redraws itself, for a terminal. */
export function progressBar(stream: NodeJS.WriteStream, { label, format = String }: ProgressOptions): Progress {
  const bar = new SingleBar(
    {
      stream,
      format: `${label} {bar} {value} of {total}, {eta_formatted} left`,
      formatValue: (value, _options, type) => (type === "value" || type === "total" ? format(value) : String(value)),
      barsize: 30,
      clearOnComplete: true,
      linewrap: true, // or an exit amid the work would leave the terminal without it
      gracefulExit: false, // its signal handlers would come before ours
    },
    Presets.shades_classic,
  );
  let running = false;
  return {
    update(done, total) {
      if (total === undefined) return;
      if (!running) bar.start(total, 0);
      running = true;
      bar.update(done);
    },
    end() {
      if (running) bar.stop();
    },
  };
}

/** A line now and then, for logs and pipes. Short work prints none. */
export function progressLines(
  write: (line: string) => void,
  { label, format = String, everyMs = 5000 }: ProgressOptions,
): Progress {
  let last = performance.now();
  return {
    update(done, total) {
      if (performance.now() - last < everyMs) return;
      last = performance.now();
      write(`${label} ${format(done)}${total === undefined ? "" : ` of ${format(total)}`}`);
    },
    end() {},
  };
}
