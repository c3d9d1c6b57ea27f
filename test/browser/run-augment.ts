import { Arena, f32, type Gpu, Reader, Usage } from "@tlx/kernels";
import { type Augmentation, changePicture, drawAugmentation, type Picture, Preprocessor } from "@tlx/transfer";

export interface AugmentRun {
  readonly drawn: readonly Augmentation[];
  /** Bytes of the pixels, one picture after the other. */
  readonly pixels: readonly number[];
}

const SIZE = 64;

/** Hills of colour in whole numbers, so that every engine makes the same picture. */
function madePicture(width: number, height: number): Picture {
  const data = Uint8Array.from({ length: 4 * width * height }, (_, i) => {
    const [x, y, c] = [(i >> 2) % width, Math.floor((i >> 2) / width), i % 4];
    return c === 3 ? 255 : Math.min(255, Math.abs(((x * (3 + c) + y * (5 - c) + x * y) % 400) - 130));
  });
  return { width, height, data };
}

/** Strong augmentation of a few pictures: what was drawn, and the pixels that came out. */
export async function runAugment(gpu: Gpu): Promise<AugmentRun> {
  const arena = new Arena(gpu, "test");
  const reader = new Reader(gpu, "test");
  const spec = { resize: SIZE, crop: SIZE, mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] } as const;
  const preprocessor = new Preprocessor(gpu, spec);
  const pictures = [madePicture(150, 100), madePicture(40, 57), madePicture(1, 300), madePicture(64, 64)];
  const jobs = pictures.flatMap((picture, p) =>
    [0, 1, 2, 3].map((epoch) => {
      const key = { seed: 3, epoch, picture: `picture ${p}`, width: picture.width, height: picture.height, size: SIZE };
      return { picture, augmentation: drawAugmentation("strong", key) };
    }),
  );
  const shape = f32(jobs.length, SIZE, SIZE, 3);
  try {
    const target = arena.buffer(
      4 * jobs.length * SIZE * SIZE * 3,
      Usage.STORAGE | Usage.COPY_SRC | Usage.COPY_DST,
      "target",
    );
    for (const [i, job] of jobs.entries())
      await preprocessor.run(job.picture, target, i, changePicture(job.augmentation));
    const { data } = await reader.read(target, shape);
    return { drawn: jobs.map((job) => job.augmentation), pixels: Array.from(data, Math.round) };
  } finally {
    preprocessor.dispose();
    reader.dispose();
    arena.dispose();
  }
}
