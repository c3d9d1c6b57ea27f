import { check, type Gpu } from "@tlx/kernels";
import { type Network, Program } from "@tlx/nn";
import type { Picture } from "../data/picture.js";
import { Preprocessor, type PreprocessSpec } from "../preprocess.js";
import { enlargeMap, gradCam, type MapShape } from "./grad-cam.js";
import { withLogitGradient } from "./logit-gradient.js";

export interface Explanation {
  /** What speaks for the class, from 0 to 1: [size, size] over the centre crop that the network sees. */
  readonly heat: Float32Array;
  readonly size: number;
  /** Of every class. */
  readonly logits: Float32Array;
}

export interface ExplainerOptions {
  readonly preprocess: PreprocessSpec;
  /** The module whose result is looked at, such as "features.14". Default: the last one with height and width. */
  readonly module?: string;
}

/** Grad-CAM of one network; compiled once for all pictures and classes. */
export class Explainer {
  /** The module whose result is looked at. */
  readonly module: string;
  private readonly program: Program;
  private readonly preprocessor: Preprocessor;
  private readonly shape: MapShape;
  private readonly size: number;
  private readonly classes: number;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(parts: {
    program: Program;
    preprocessor: Preprocessor;
    module: string;
    shape: MapShape;
    size: number;
    classes: number;
  }) {
    this.program = parts.program;
    this.preprocessor = parts.preprocessor;
    this.module = parts.module;
    this.shape = parts.shape;
    this.size = parts.size;
    this.classes = parts.classes;
  }

  /**
   * Compiles `network`, with input "image" [N, S, S, 3] and output "logits" [N, classes]. Throws E_USAGE for a network without a
   * module with height and width, or without the one asked for.
   */
  static async create(gpu: Gpu, network: Network, { preprocess, module }: ExplainerOptions): Promise<Explainer> {
    const { graph, weights, module: found } = withLogitGradient(network, 1, module);
    const [, height, width, channels] = found.value.spec.shape as [number, number, number, number];
    const program = await Program.compile(gpu, graph, weights, { label: "explain" });
    return new Explainer({
      program,
      preprocessor: new Preprocessor(gpu, preprocess),
      module: found.path,
      shape: { height, width, channels },
      size: preprocess.crop,
      classes: graph.outputs.get("logits")!.spec.shape[1]!,
    });
  }

  /** Calls may overlap; they are done one after the other. Throws E_USAGE for a class that there is not. */
  explain(picture: Picture, classIndex: number): Promise<Explanation> {
    const done = this.last.then(() => this.run(picture, classIndex));
    this.last = done.catch(() => {});
    return done;
  }

  private async run(picture: Picture, classIndex: number): Promise<Explanation> {
    const { program, preprocessor, shape, size, classes } = this;
    check(
      Number.isInteger(classIndex) && classIndex >= 0 && classIndex < classes,
      "E_USAGE",
      () => `explain: expected a class from 0 to ${classes - 1}, found ${classIndex}`,
    );
    const seed = new Float32Array(classes);
    seed[classIndex] = 1;
    program.write("seed", seed);
    await preprocessor.run(picture, program.inputBuffer("image"), 0);
    program.run();
    const [activation, gradient, logits] = await Promise.all(
      ["activation", "gradient", "logits"].map(async (name) => (await program.read(name)).data as Float32Array),
    );
    return { heat: enlargeMap(gradCam(activation!, gradient!, shape), shape, size), size, logits: logits! };
  }

  dispose(): void {
    this.program.dispose();
    this.preprocessor.dispose();
  }
}
