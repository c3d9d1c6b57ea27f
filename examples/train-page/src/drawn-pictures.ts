/**
 * Pictures drawn on a canvas, so that the page can be tried without any: four patterns, each in colours near its own, in sizes and
 * turns by chance.
 */

const SIDE = 96;
const PER_CLASS = 15;

/** Fills the picture around its middle with a pattern of this period. */
type Draw = (context: CanvasRenderingContext2D, period: number) => void;

/** Far enough to every corner, turned or not. */
const REACH = 1.5 * SIDE;

function forEachPlace(period: number, draw: (x: number, y: number, odd: boolean) => void): void {
  const most = Math.ceil(REACH / period);
  for (let i = -most; i < most; i++) for (let k = -most; k < most; k++) draw(i * period, k * period, (i + k) % 2 !== 0);
}

const patterns: Readonly<Record<string, Draw>> = {
  checks: (context, period) =>
    forEachPlace(period, (x, y, odd) => {
      if (odd) context.rect(x, y, period, period);
    }),
  dots: (context, period) =>
    forEachPlace(1.4 * period, (x, y) => {
      context.moveTo(x, y);
      context.arc(x, y, 0.4 * period, 0, 2 * Math.PI);
    }),
  rings: (context, period) => {
    for (let radius = period; radius < REACH; radius += 2 * period) {
      context.moveTo(radius + period, 0);
      context.arc(0, 0, radius + period, 0, 2 * Math.PI);
      context.moveTo(radius, 0);
      context.arc(0, 0, radius, 0, 2 * Math.PI, true);
    }
  },
  stripes: (context, period) => {
    for (let x = -REACH; x < REACH; x += 2 * period) context.rect(x, -REACH, period, 2 * REACH);
  },
};

/** Numbers from 0 to 1, always the same ones. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Paths such as dots/3.png, each with its picture. */
export function drawPictures(): Promise<(readonly [path: string, file: File])[]> {
  const random = randomNumbers(7);
  const canvases = Object.entries(patterns).flatMap(([name, draw], index) =>
    Array.from({ length: PER_CLASS }, (_, i) => [name, `${i + 1}.png`, drawOne(draw, 90 * index, random)] as const),
  );
  // All at once: browsers save a canvas when they have time.
  return Promise.all(
    canvases.map(async ([folder, name, canvas]) => {
      const file = new File([await saveCanvas(canvas)], name, { type: "image/png" });
      return [`${folder}/${name}`, file] as const;
    }),
  );
}

function drawOne(draw: Draw, colour: number, random: () => number): HTMLCanvasElement {
  const between = (low: number, high: number): number => low + (high - low) * random();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const hue = colour + between(-40, 40);
  context.fillStyle = `hsl(${hue + between(90, 270)} 35% ${between(75, 92)}%)`;
  context.fillRect(0, 0, SIDE, SIDE);
  context.translate(SIDE * between(0.3, 0.7), SIDE * between(0.3, 0.7));
  context.rotate(between(0, Math.PI));
  context.fillStyle = `hsl(${hue} 60% ${between(25, 50)}%)`;
  context.beginPath();
  draw(context, between(6, 12));
  context.fill();
  return canvas;
}

const saveCanvas = (canvas: HTMLCanvasElement): Promise<Blob> =>
  new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the browser could not save a drawn picture"))));
  });
