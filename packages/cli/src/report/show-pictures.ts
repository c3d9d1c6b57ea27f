/** Small pictures for a page, as data: addresses, and where the model looked. */
import type { Gpu } from "@tlx/kernels";
import { Explainer, type LoadedRun, type Picture } from "@tlx/transfer";
import { decodePicture, renderOverlay } from "@tlx/transfer/node";

/** Undefined where the picture is not there any more or cannot be read. */
export interface ShownPicture {
  /** What the network sees of it. */
  readonly seen: string;
  /** The same under what speaks for the class it was named. */
  readonly heat: string | undefined;
}

const addressOf = (webp: Uint8Array): string => `data:image/webp;base64,${Buffer.from(webp).toString("base64")}`;

/** Height and width of a small picture, and the quality of its WebP: 3 to 6 kB each. */
const SIZE = 176;
const QUALITY = 60;

/** Pictures that several parts of a report show are made once. */
export class PictureShower {
  private readonly made = new Map<string, Promise<ShownPicture | undefined>>();
  private readonly run: LoadedRun;
  private readonly explainer: Explainer | undefined;

  private constructor(run: LoadedRun, explainer: Explainer | undefined) {
    this.run = run;
    this.explainer = explainer;
  }

  /** A network without a module that has places shows pictures alone. */
  static async create(gpu: Gpu, run: LoadedRun): Promise<PictureShower> {
    const { preprocess } = run.description;
    const explainer = await Explainer.create(gpu, run.network, { preprocess }).catch((error) => {
      if ((error as { code?: string }).code === "E_USAGE") return undefined;
      throw error;
    });
    return new PictureShower(run, explainer);
  }

  /** The module whose result is looked at. */
  get module(): string | undefined {
    return this.explainer?.module;
  }

  /** `classIndex`: the class that is asked for what speaks for it; without one there is no heat. */
  show(file: string, classIndex?: number): Promise<ShownPicture | undefined> {
    const key = `${classIndex ?? ""} ${file}`;
    const made = this.made.get(key) ?? this.make(file, classIndex);
    this.made.set(key, made);
    return made;
  }

  private async make(file: string, classIndex: number | undefined): Promise<ShownPicture | undefined> {
    const picture = await decodePicture(file).catch(() => undefined);
    if (!picture) return undefined;
    const heat = classIndex === undefined ? undefined : await this.explainer?.explain(picture, classIndex);
    return {
      seen: await this.render(picture, undefined),
      heat: heat && (await this.render(picture, heat)),
    };
  }

  private async render(picture: Picture, heat: Parameters<typeof renderOverlay>[1]): Promise<string> {
    const { preprocess } = this.run.description;
    return addressOf(await renderOverlay(picture, heat, { preprocess, size: SIZE, quality: QUALITY }));
  }

  dispose(): void {
    this.explainer?.dispose();
  }
}
