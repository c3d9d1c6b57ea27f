/**
 * Phases of a run: in each, another part of the network learns, with an optimizer of its own.
 *
 *   headEpochs      the new head alone first, then everything that shall learn (the shape of fastai's fine_tune)
 *   unfreezeEvery   one more block every so many epochs, the last block first (gradual unfreezing)
 *
 * Source   Howard and Ruder 2018, ULMFiT, section 3.3
 */
import { check } from "@tlx/kernels";
import type { TrainSettings } from "./settings.js";

export interface Phase {
  /** What people read: "head", "last 2 of 5 blocks", "all that learns". */
  readonly name: string;
  /** Paths of the params that learn. */
  readonly trainable: ReadonlySet<string>;
  /** Epochs of all phases before. */
  readonly firstEpoch: number;
  readonly epochs: number;
  /** The epochs, over all phases, that the learning rate's schedule spans: [from, to). */
  readonly schedule: readonly [from: number, to: number];
}

export interface PhaseInput {
  /** All params that learn in the end, in the order of the network. */
  readonly trainable: ReadonlySet<string>;
  readonly head: ReadonlySet<string>;
  /** Block of a param, or undefined where it is in none. */
  readonly blockOf: (path: string) => string | undefined;
  readonly settings: Pick<TrainSettings, "epochs" | "headEpochs" | "unfreezeEvery">;
}

/** Throws E_USAGE for settings that leave no epoch to what learns last, or ask for phases there are none of. */
export function planPhases({ trainable, head, blockOf, settings }: PhaseInput): Phase[] {
  const { epochs, headEpochs, unfreezeEvery } = settings;
  const body = [...trainable].filter((path) => !head.has(path));
  check(
    body.length > 0 || headEpochs + unfreezeEvery === 0,
    "E_USAGE",
    () =>
      "settings: headEpochs and unfreezeEvery need layers that join the head later, found none; add --unfreeze last:3 or all",
  );
  check(
    [...head].some((path) => trainable.has(path)) || headEpochs + unfreezeEvery === 0,
    "E_USAGE",
    () =>
      "settings: headEpochs and unfreezeEvery begin with the head, found it frozen; let it learn, or leave them out",
  );
  const withHead = (paths: Iterable<string>): ReadonlySet<string> => {
    const chosen = new Set([...paths, ...head]);
    return new Set([...trainable].filter((path) => chosen.has(path)));
  };
  const phases: Phase[] = [];
  if (headEpochs > 0) {
    const schedule = [0, headEpochs] as const;
    phases.push({ name: "head", trainable: withHead([]), firstEpoch: 0, epochs: headEpochs, schedule });
  }
  const rest = [headEpochs, headEpochs + epochs] as const;
  if (unfreezeEvery === 0) {
    const name = body.length > 0 ? "all that learns" : "head";
    return [...phases, { name, trainable, firstEpoch: headEpochs, epochs, schedule: rest }];
  }
  const groups = groupFromTheEnd(body, blockOf);
  const steps = headEpochs > 0 ? groups.length : groups.length + 1; // without epochs of its own the head is a step too
  check(
    unfreezeEvery * (steps - 1) < epochs,
    "E_USAGE",
    () =>
      `settings: unfreezing ${groups.length} blocks, one every ${unfreezeEvery} epochs, takes more than ${unfreezeEvery * (steps - 1)} epochs, found ${epochs}; give more epochs or unfreeze fewer blocks`,
  );
  for (let i = 0; i < steps; i++) {
    const joined = i + 1 - (steps - groups.length);
    const last = i === steps - 1;
    phases.push({
      name: joined === 0 ? "head" : `last ${joined} of ${groups.length} blocks`,
      trainable: withHead(groups.slice(0, joined).flat()),
      firstEpoch: headEpochs + i * unfreezeEvery,
      epochs: last ? epochs - i * unfreezeEvery : unfreezeEvery,
      schedule: rest,
    });
  }
  return phases;
}

/** Params by block, the last block first; a param in no block belongs to that of the param after it. */
function groupFromTheEnd(paths: readonly string[], blockOf: PhaseInput["blockOf"]): string[][] {
  const groups: string[][] = [];
  let current: string | undefined;
  for (const path of [...paths].reverse()) {
    const block = blockOf(path);
    if (groups.length === 0 || (block !== undefined && block !== current)) groups.push([]);
    current = block ?? current;
    groups.at(-1)!.push(path);
  }
  return groups;
}
