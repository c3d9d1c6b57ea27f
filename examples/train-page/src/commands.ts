/** A command line, and what it is for. */
export interface RunCommand {
  readonly command: string;
  readonly does: string;
}

/** What the command line does with the folder of an exported run. */
export function runCommands(name: string, finished: boolean): readonly RunCommand[] {
  if (!finished)
    return [{ command: `tlx train PICTURES --resume ${name} --other-gpu`, does: "Go on with the training" }];
  return [
    { command: `tlx predict --run ${name} photo.jpg`, does: "Say what a picture shows" },
    { command: `tlx evaluate --run ${name} PICTURES`, does: "Measure it on a folder of pictures by class" },
    { command: `tlx verify ${name} --golden`, does: "Check that nothing was changed on the way" },
  ];
}

/** A name that is safe as a folder and in a command line, and not among `taken`. */
export function runName(wish: string, taken: readonly string[]): string {
  const words = wish
    .normalize("NFKD")
    .toLowerCase()
    .match(/[a-z0-9]+/g) ?? ["run"];
  const base = words.join("-").slice(0, 40);
  let name = base;
  for (let i = 2; taken.includes(name); i++) name = `${base}-${i}`;
  return name;
}
