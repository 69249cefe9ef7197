/** `billwright start` (`npm start`): everything in one process, with a month of a demo's business on the first start. */
import { existsSync } from "node:fs";
import { relative } from "node:path";
import { styleText } from "node:util";
import type { Command } from "commander";
import { operatorLink } from "../auth/operator-link.ts";
import { stopwatch } from "../clock.ts";
import { type Config, readConfig } from "../config.ts";
import { type Billwright, createBillwright } from "../engine.ts";
import { type Api, callApi } from "../simulation/demo/api.ts";
import { demoKeyFile, ensureDemoKey } from "../simulation/demo/key.ts";
import { beginDemo, type Demo, findDemo, isInUse, seedDemo } from "../simulation/demo/seed.ts";
import { orSayWhy } from "./failure.ts";
import type { InvoiceAnswer } from "./print-invoice.ts";
import { Progress } from "./progress.ts";
import { checkBefore, listen, type Place, withPlace } from "./serve.ts";
import { showDemo } from "./show-demo.ts";
import { databaseLost, listenForStop, type StopSignal } from "./stop-signal.ts";
import { CommandError, type Terminal } from "./terminal.ts";

export function startCommand(program: Command, terminal: Terminal): void {
  withPlace(program.command("start"))
    .description("serve everything in one process, with a demo: a month of usage, billed")
    .action((options: Place) => orSayWhy(terminal, () => start(terminal, options)));
}

async function start(terminal: Terminal, place: Place): Promise<void> {
  const stop = listenForStop();
  const config = readConfig(terminal.env, place);
  if (config.mode === "live")
    throw new CommandError("`start` brings a demo along, so it is for the sandbox. Use `npm run serve`, or leave out BILLWRIGHT_MODE.");
  await checkBefore(config);
  const time = stopwatch();
  const progress = new Progress(terminal, terminal.interactive);
  terminal.out(`\n${styleText("bold", "Billwright")}, the open-source billing engine\n\n`);
  const first = !existsSync(demoKeyFile(config.dataDir));
  if (first) progress.stage("First start: a database, a catalog and a month of business are made");
  // Requests and listening are no news here; what goes wrong is.
  const logLevel = config.logLevel === "info" ? "warn" : config.logLevel;
  const billing = await createBillwright({
    config: { ...config, logLevel },
    onProgress: (text) => progress.stage(text),
    onDatabaseLost: databaseLost(stop),
  });
  try {
    const key = await ensureDemoKey(billing.ctx);
    const api = callApi(billing.app, key);
    const demo = await makeDemo(billing, api, progress, stop);
    if (stop.asked()) return;
    let shown: InvoiceAnswer | null = null;
    if (demo === null) terminal.out("\n  This database has a catalog of its own, so the demo was left out.\n");
    else {
      const screen = await showDemo(api, demo, terminal.columns);
      shown = screen.shown;
      terminal.out(`\n${screen.text}`);
    }
    const address = await listen(billing);
    terminal.out(`\n${welcome(config, { address, signIn: await operatorLink(billing.ctx, address), key, shown, ms: time() })}`);
    await stop.wait();
  } finally {
    progress.end();
    if (stop.asked()) terminal.out("\n  Stopping …\n");
    await billing.close();
    if (stop.asked()) terminal.out("  Stopped. The next start goes on from here.\n");
  }
}

/** The demo as it stands when its month is over; null where the database is somebody else's. */
async function makeDemo(billing: Billwright, api: Api, progress: Progress, stop: StopSignal): Promise<Demo | null> {
  const known = await findDemo(api);
  if (known === null && (await isInUse(api))) return null;
  const demo = known ?? (await beginDemo(api, billing.ctx.clock.now()));
  if (demo.now >= demo.month.done) return demo;
  if (demo.now > demo.month.start) progress.stage("Going on where the last start was interrupted");
  const time = stopwatch();
  const { accepted, duplicates, finished } = await seedDemo(api, demo, {
    onStage: (text) => progress.stage(text),
    onUsage: (at, share, events) => progress.usage(at, share, events),
    stopped: () => stop.asked(),
  });
  if (finished) {
    progress.stage(
      `${accepted.toLocaleString("en")} events (and ${duplicates.toLocaleString("en")} repeats, counted once), billed in ${seconds(time())}`,
    );
  }
  return demo;
}

interface Welcome {
  address: string;
  signIn: string;
  key: string;
  shown: InvoiceAnswer | null;
  ms: number;
}

function welcome(config: Config, { address, signIn, key, shown, ms }: Welcome): string {
  const url = asTyped(address);
  const bold = (text: string) => styleText("bold", text);
  const dim = (text: string) => styleText("dim", text);
  const keyFile = fromHere(demoKeyFile(config.dataDir));
  return [
    `${bold("Billwright serves")} ${styleText("cyan", url)} ${dim(`(ready in ${seconds(ms)})`)}`,
    `  sign in, once       ${styleText("cyan", asTyped(signIn))}`,
    `  API in the browser  ${url}/docs`,
    `  API key             ${key}`,
    `  kept in             ${keyFile}`,
    "",
    `${bold("Try next")}, in another terminal`,
    "",
    `  BW=${url}/v1`,
    `  AUTH="Authorization: Bearer $(cat ${keyFile})"`,
    `  curl -sH "$AUTH" $BW/plans`,
    ...(shown
      ? [
          `  curl -sH "$AUTH" $BW/invoices/${shown.id}`,
          `  curl -sH "$AUTH" -X POST $BW/tenants/${shown.tenant_id}/upcoming-invoice`,
          `  curl -sH "$AUTH" "$BW/tenants/${shown.tenant_id}/usage?granularity=day"`,
        ]
      : []),
    "",
    dim(`Ctrl-C stops it. What is in ${fromHere(config.dataDir)} stays, and the next start finds it.`),
    "",
  ].join("\n");
}

/** As one would type it, and as a browser takes it for the same page each time. */
function asTyped(address: string): string {
  return address.replace(/\/\/(127\.0\.0\.1|0\.0\.0\.0|\[::1?\])/, "//localhost");
}

/** A path as one would type it here: relative below this folder, else whole. */
function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short || ".";
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
