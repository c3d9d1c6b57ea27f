/**
 * Pictures that are decoded, prepared and taken through the frozen part anew for every step: for augmentation, for pictures
 * that are mixed, and where there is no frozen part.
 */
import { type Gpu, type KernelChoices, TlxError } from "@tlx/kernels";
import { type Network, Program } from "@tlx/nn";
import type { Picture } from "../data/picture.js";
import { inferenceForm } from "../picture-program.js";
import { type PictureChange, Preprocessor, type PreprocessSpec } from "../preprocess.js";
import type { PictureSource } from "./extract-features.js";
import type { Feed, Frontier, Loading, Part } from "./feed.js";
import type { mixerOf } from "./mixer.js";
import type { Mixing } from "./mixing.js";
import type { SampleTable } from "./sample-table.js";

/** What the random hand does to a picture in an epoch; undefined leaves it as it is. */
export type DrawChange = (epoch: number, hash: string, picture: Picture) => PictureChange | undefined;

export interface FrontEndInput {
  readonly gpu: Gpu;
  /** The frozen part, with input "image" and the frontier as outputs; undefined where the tail reads the image itself. */
  readonly prefix: Network | undefined;
  readonly frontier: readonly Frontier[];
  readonly preprocess: PreprocessSpec;
  /** Samples per pass, as of the tail. */
  readonly batch: number;
  readonly choices?: KernelChoices;
  /** Left out where no pictures are mixed. */
  readonly mixerOf?: typeof mixerOf;
}

/** A decoded picture, and how it is changed. */
interface LivePicture {
  readonly picture: Picture;
  readonly change: PictureChange | undefined;
}

/** From decoded pictures to the inputs of a tail, on the GPU. */
export class FrontEnd {
  private readonly gpu: Gpu;
  private readonly frontier: readonly Frontier[];
  private readonly preprocessor: Preprocessor;
  private readonly prefix: Program | undefined;
  private readonly mixer: Program | undefined;
  private readonly batch: number;

  private constructor(
    { gpu, frontier, batch }: FrontEndInput,
    parts: { preprocessor: Preprocessor; prefix: Program | undefined; mixer: Program | undefined },
  ) {
    this.gpu = gpu;
    this.frontier = frontier;
    this.batch = batch;
    this.preprocessor = parts.preprocessor;
    this.prefix = parts.prefix;
    this.mixer = parts.mixer;
  }

  static async create(input: FrontEndInput): Promise<FrontEnd> {
    const { gpu, preprocess, batch, choices } = input;
    const preprocessor = new Preprocessor(gpu, preprocess);
    const made: Program[] = [];
    try {
      const compile = async (network: Network, label: string): Promise<Program> => {
        const program = await Program.compile(gpu, network.graph, network.weights, {
          label,
          choices,
        });
        made.push(program);
        return program;
      };
      const { prefix: base, mixerOf: makeMixer } = input;
      const prefix = base && (await compile(inferenceForm(base, batch), "prefix"));
      const mixer = makeMixer && (await compile(makeMixer(batch, preprocess.crop), "mixing"));
      return new FrontEnd(input, { preprocessor, prefix, mixer });
    } catch (error) {
      for (const program of made) program.dispose();
      preprocessor.dispose();
      throw error;
    }
  }

  /**
   * Fills the first rows of the inputs of `program` with `pictures`, mixed in pairs where `mixing` says so. Every picture is on
   * its way to the GPU before the next one is asked for.
   */
  async load(program: Program, pictures: AsyncIterable<LivePicture>, mixing?: Mixing): Promise<void> {
    const target = this.prefix ?? program;
    const image = (mixing ? this.mixer! : target).inputBuffer("image");
    let count = 0;
    for await (const { picture, change } of pictures) {
      await this.preprocessor.run(picture, image, count++, change);
    }
    if (mixing) {
      const mixer = this.mixer!;
      const { share, box } = mixing;
      const partners = Uint32Array.from({ length: this.batch }, (_, i) => partnerOf(i, count));
      mixer.write("partner", partners);
      mixer.write("share", new Float32Array(this.batch).fill(box[2] > box[0] ? 1 : share));
      mixer.write(
        "box",
        Uint32Array.from({ length: 4 * this.batch }, (_, i) => box[i % 4] as number),
      );
      mixer.run();
      this.copy(mixer, "mixed", target, "image");
    }
    if (!this.prefix) return;
    this.prefix.run();
    for (const { name } of this.frontier) this.copy(this.prefix, name, program, name);
  }

  private copy(from: Program, output: string, to: Program, input: string): void {
    const { buffer, offset = 0, size } = from.outputBinding(output);
    const encoder = this.gpu.device.createCommandEncoder({ label: "frontier" });
    encoder.copyBufferToBuffer(buffer, offset, to.inputBuffer(input), 0, size as number);
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  dispose(): void {
    this.prefix?.dispose();
    this.mixer?.dispose();
    this.preprocessor.dispose();
  }
}

/** The sample that sample `i` of `count` is mixed with; padding stays alone. */
export const partnerOf = (i: number, count: number): number => (i < count ? count - 1 - i : i);

export interface LiveFeedInput {
  readonly frontEnd: FrontEnd;
  readonly pictures: PictureSource;
  readonly table: SampleTable;
  readonly augment?: DrawChange;
}

export class LiveFeed implements Feed {
  readonly table: SampleTable;
  private readonly input: LiveFeedInput;

  constructor(input: LiveFeedInput) {
    this.table = input.table;
    this.input = input;
  }

  /** Loading throws E_DATA when a picture can no longer be read. */
  async *batches<P extends Part>(parts: readonly P[], epoch: number): AsyncGenerator<Loading<P>> {
    const { frontEnd, pictures, table, augment } = this.input;
    const samples = parts.flatMap((part) => part.samples.map((i) => table.samples[i]!));
    const source = pictures(samples, { skip: () => false })[Symbol.asyncIterator]();
    async function* decoded(part: P): AsyncGenerator<LivePicture> {
      for (const sample of part.samples) {
        const { value, done } = await source.next();
        if (done || !("picture" in value)) throw unreadable(table.samples[sample]!.file, value);
        const { picture } = value;
        yield { picture, change: augment?.(epoch, table.hashes[sample] as string, picture) };
      }
    }
    try {
      for (const part of parts) {
        yield { part, load: (program) => frontEnd.load(program, decoded(part), part.mixing) };
      }
    } finally {
      await source.return?.();
    }
  }
}

const unreadable = (file: string, value: unknown): TlxError => {
  const reason = value instanceof Object && "error" in value ? (value.error as Error).message : "it is gone";
  return new TlxError(
    "E_DATA",
    `train: "${file}" could be read before and cannot any more: ${reason}; put it back and resume`,
  );
};
