import { type TrainEvent, type TrainInput, type TrainResult, train } from "@tlx/transfer";

export interface Run {
  readonly events: readonly TrainEvent[];
  readonly result: TrainResult;
}

/** All that a training tells, and its result. */
export async function trainToEnd(input: TrainInput): Promise<Run> {
  const training = train(input);
  const events: TrainEvent[] = [];
  for (;;) {
    const { done, value } = await training.next();
    if (done) return { events, result: value };
    events.push(value);
  }
}

export const epochsOf = (events: readonly TrainEvent[]): Extract<TrainEvent, { type: "epoch" }>[] =>
  events.filter((e) => e.type === "epoch");
