// The few web globals browser-safe code uses. Node and every browser have them; the DOM library would bring hundreds more.
declare class AbortSignal {
  readonly aborted: boolean;
  throwIfAborted(): void;
}
declare const performance: { now(): number };
