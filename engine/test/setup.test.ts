/** What `npm start` and `npm test` install: a small project with our scripts, and packages that are files, so that no network is asked. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const SCRIPTS = fileURLToPath(new URL("../../scripts", import.meta.url));
// The project lacks the package that brings a Node: this very one stands in.
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`, NODE_ENV: "production" };
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "billwright-setup-"));
  cpSync(SCRIPTS, join(root, "scripts"), { recursive: true });
  write("part/package.json", { name: "part", version: "1.0.0", devDependencies: { checks2: pack("checks2") } });
  lock("runs");
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: unknown): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), JSON.stringify(content));
}

/** A package of this name as a file. */
function pack(name: string): string {
  write(`made/${name}/package.json`, { name, version: "1.0.0" });
  execFileSync("tar", ["-czf", join(root, `${name}.tgz`), "-C", join(root, "made"), name]);
  return `file:${join(root, `${name}.tgz`)}`;
}

/** The project's package.json and lockfile, with this package to run on. */
function lock(name: string): void {
  const packages = { dependencies: { [name]: pack(name) }, devDependencies: { checks: pack("checks") } };
  write("package.json", { name: "root", private: true, workspaces: ["part"], ...packages });
  rmSync(join(root, "package-lock.json"), { force: true });
  npm("install", "--package-lock-only", "--no-audit");
}

function npm(...args: string[]): void {
  execFileSync("npm", args, { cwd: root, env, stdio: "pipe", shell: process.platform === "win32" });
}

/** What setup says, and the packages that are there afterwards. */
function setup(asked?: "running"): { says: string; has: string[] } {
  const { stdout, stderr } = spawnSync(process.execPath, ["scripts/setup.mjs", ...(asked ? [asked] : [])], {
    cwd: root,
    env,
    encoding: "utf8",
  });
  return { says: stdout + stderr, has: ["checks", "checks2", "runs"].filter((name) => existsSync(join(root, "node_modules", name))) };
}

const ALL = ["checks", "checks2", "runs"];

test("running installs what running needs; the tests complete it, adding only; then running is content with that", {
  timeout: 120_000,
}, () => {
  expect(setup("running")).toMatchObject({ says: expect.stringMatching(/Installing what running needs/), has: ["runs"] });
  expect(setup("running").says).toBe("");
  // As an engine that is at work would notice.
  writeFileSync(join(root, "node_modules/runs/in-use"), "");
  expect(setup()).toMatchObject({ says: expect.stringMatching(/Installing dependencies/), has: ALL });
  expect(existsSync(join(root, "node_modules/runs/in-use"))).toBe(true);
  expect(setup("running")).toEqual({ says: "", has: ALL });
  expect(setup()).toEqual({ says: "", has: ALL });
});

test("what was installed by hand counts for what it is", { timeout: 120_000 }, () => {
  npm("ci", "--include=dev");
  expect(setup("running")).toEqual({ says: "", has: ALL });
  expect(setup()).toEqual({ says: "", has: ALL });
  npm("ci", "--omit=dev");
  expect(setup("running")).toEqual({ says: "", has: ["runs"] });
  expect(setup().has).toEqual(ALL);
});

test("a lockfile that changed is installed anew, to the extent that was there", { timeout: 120_000 }, () => {
  setup();
  lock("runs2");
  expect(setup("running")).toMatchObject({ says: expect.stringMatching(/Installed in/), has: ["checks", "checks2"] });
  expect(existsSync(join(root, "node_modules/runs2"))).toBe(true);
});

test("a node_modules that is a link to another checkout's is used and never written to", { timeout: 120_000 }, () => {
  setup("running");
  renameSync(join(root, "node_modules"), join(root, "elsewhere"));
  symlinkSync(join(root, "elsewhere"), join(root, "node_modules"));
  expect(setup("running")).toEqual({ says: "", has: ["runs"] });
  expect(setup()).toMatchObject({ says: expect.stringMatching(/is a link to .*elsewhere.*Install them there/), has: ["runs"] });
});
