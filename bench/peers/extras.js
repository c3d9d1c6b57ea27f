/** What the inputs after the second of a convolution or product are: by name, those that are given. */
export function extrasOf({ extras }, inputs) {
  const names = extras ?? ["bias", "residual"].slice(0, inputs.length - 2);
  return Object.fromEntries(names.map((name, i) => [name, inputs[2 + i]]));
}
