/** The page: pictures, training, result, and what the browser keeps. */
import { opfsPictures } from "@tlx/transfer/browser";
import weightsFile from "@tlx/transfer/weights/tlx-nano.safetensors?url";
import {
  createTrainer,
  importRun,
  type KeptRun,
  keepPictures,
  listRuns,
  removeRun,
  runFiles,
  type TrainingEvent,
  type TrainingRequest,
} from "@tlx/web/train";
import { runCommands, runName } from "./commands.js";
import { Curves } from "./curves.js";
import { explain, explainImport, whatIsMissing } from "./explain.js";
import { percent } from "./make.js";
import { isOnlyOtherGpu } from "./other-gpu.js";
import { type NamedFile, PicturesStep } from "./pictures-step.js";
import { ProblemNote } from "./problem-note.js";
import { ProgressView } from "./progress-view.js";
import { ResultStep } from "./result-step.js";
import { RunList } from "./run-list.js";
import { readRunReport } from "./run-report.js";
import { SettingsStep } from "./settings-step.js";
import { UnfinishedNote } from "./unfinished-note.js";
import { download, packZip, unpackZip } from "./zip.js";

const missing = whatIsMissing();
const problem = new ProblemNote();
const progress = new ProgressView();
const curves = new Curves();
let runs: readonly KeptRun[] = [];
/** Ends the training that is under way. */
let ending: AbortController | undefined;

const pictures = new PicturesStep(() => settings.allow(whyNot()));
const settings = new SettingsStep(
  () => void attempt(trainNew),
  () => ending?.abort(),
);
const result = new ResultStep((name) => void attempt(() => exportRun(name)));
const unfinished = new UnfinishedNote((run) => void attempt(() => goOn(run)));
const list = new RunList({
  open: (run) => void attempt(() => open(run.name).then(() => result.focus())),
  resume: (run) => void attempt(() => goOn(run)),
  export: (run) => void attempt(() => exportRun(run.name)),
  remove: (run) => void attempt(() => remove(run)),
  importFolder: (files) => void attempt(() => bringRun(files), explainImport),
  importZip: (file) => void attempt(async () => bringRun(await unpackZip(file)), explainImport),
});

/** Why training cannot begin, for people. */
function whyNot(): string | undefined {
  if (missing) return `${missing.title}.`;
  return pictures.chosen ? undefined : "Choose pictures first.";
}

/** Does something, and says what went wrong with it. */
async function attempt(act: () => Promise<void>, explainIt = explain): Promise<void> {
  problem.clear();
  try {
    await act();
  } catch (error) {
    problem.show(explainIt(error));
  }
}

async function refresh(): Promise<void> {
  runs = await listRuns();
  list.show(runs, ending !== undefined);
}

async function trainNew(): Promise<void> {
  const { chosen } = pictures;
  if (!chosen || ending) return;
  const name = runName(
    chosen.name,
    runs.map((run) => run.name),
  );
  await train({ run: name, data: name, settings: settings.read() }, chosen.files);
}

/** Goes on with a run; one from elsewhere first needs its pictures, and consent where it was another GPU. */
async function goOn(run: KeptRun, acceptOtherGpu = false): Promise<void> {
  if (ending) return;
  if (run.data === undefined && !pictures.chosen) {
    list.say(`Choose the pictures that “${run.name}” learns from in step 1, then continue it here.`);
    return pictures.focus();
  }
  try {
    const files = run.data === undefined ? pictures.chosen?.files : undefined;
    await train({ run: run.name, data: run.data ?? run.name, acceptOtherGpu }, files);
  } catch (error) {
    if (!isOnlyOtherGpu(error)) throw error;
    const title = "This training began on another graphics processor";
    const hint = "It can go on here. From then on its numbers differ a little from those it would have had there.";
    const agree = { label: "Continue here", act: () => void attempt(() => goOn(run, true)) };
    problem.show({ title, hint, text: "All else is as it was begun." }, [agree]);
  }
}

async function train(request: TrainingRequest, files?: readonly NamedFile[]): Promise<void> {
  const end = new AbortController();
  ending = end;
  settings.showBusy(true);
  unfinished.hide();
  result.hide();
  list.show(runs, true);
  progress.begin(`“${request.run}” begins`);
  const trainer = createTrainer(new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }));
  let outcome = "";
  try {
    curves.show([]);
    // Without the browser's promise it may clear what is kept when the disk is full.
    navigator.storage.persist().catch(() => {});
    if (files) await keepPictures(request.data, files, { onProgress: (done, total) => progress.keep(done, total) });
    const { signal } = end;
    const onEvent = (event: TrainingEvent): void => {
      progress.show(event);
      if (event.type === "epoch") curves.add(event);
    };
    const summary = await trainer.train({ ...request, weights: { url: weightsFile } }, { signal, onEvent });
    await open(request.run);
    const state = summary.interrupted ? "was stopped, its best epoch is kept" : "is trained";
    outcome = `“${summary.run}” ${state}: ${percent(summary.accuracy)} right`;
  } catch (error) {
    if (error !== end.signal.reason) throw error;
    outcome = `“${request.run}” was stopped`;
  } finally {
    trainer.close();
    ending = undefined;
    settings.showBusy(false);
    progress.end(outcome);
    await refresh();
  }
}

/** Shows what is known of a run. */
async function open(name: string): Promise<void> {
  const report = await readRunReport(name);
  curves.show(report.epochs);
  result.show(report);
}

async function exportRun(name: string): Promise<void> {
  list.say(`Packing “${name}”…`);
  const files = [...(await runFiles(name))].map(([path, file]) => [`${name}/${path}`, file] as const);
  const zip = await packZip(files).finally(() => list.say(""));
  download(zip, `${name}.zip`);
  const isFinished = files.some(([path]) => path === `${name}/model/model.json`);
  const [first] = runCommands(name, isFinished);
  list.say(`${name}.zip is downloaded. Unpack it; then, in the same place: ${first?.command}`);
}

async function bringRun(files: readonly NamedFile[]): Promise<void> {
  const config = files.find(([path]) => path.split("/").at(-1) === "config.json");
  const folder = config?.[0].split("/").at(-2) ?? "run";
  const run = await importRun(
    runName(
      folder,
      runs.map(({ name }) => name),
    ),
    files,
  );
  await refresh();
  if (!run.finished) list.say(`“${run.name}” is here. Choose its pictures in step 1, then continue it.`);
  else if (ending) list.say(`“${run.name}” is here.`);
  else await open(run.name);
}

async function remove({ name, data }: KeptRun): Promise<void> {
  if (!confirm(`Remove “${name}” and its pictures from this browser?`)) return;
  await removeRun(name);
  result.forget(name);
  await refresh();
  if (data !== undefined && !runs.some((run) => run.data === data)) await opfsPictures(data).remove();
  list.say(`“${name}” is removed.`);
  list.focus();
}

settings.allow(whyNot());
await attempt(refresh);
if (missing) problem.show(missing);
const last = runs.find((run) => !run.finished && run.data !== undefined);
if (last && !missing) unfinished.show(last);
