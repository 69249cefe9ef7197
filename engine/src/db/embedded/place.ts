import { createHash } from "node:crypto";
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { systemClock } from "../../clock.ts";
import { EmbeddedError, explain } from "./problem.ts";
import { canEnter, type ServerUser } from "./processes.ts";

/** Where root keeps what PostgreSQL's own user cannot reach in the data folder. */
export const SYSTEM_FOLDER = "/var/lib/billwright";

export interface Place {
  /** The data folder that the engine was given, as an absolute path. */
  dataDir: string;
  /** The folder of `data`: the data folder itself, or one in SYSTEM_FOLDER. */
  root: string;
  /** PostgreSQL's own data directory. */
  data: string;
}

const noteFile = (dataDir: string) => join(dataDir, "postgres-is-elsewhere.txt");
const ownerFile = (root: string) => join(root, "belongs-to.txt");
const exists = (place: Place) => existsSync(join(place.data, "PG_VERSION"));
const inside = (dataDir: string): Place => ({ dataDir, root: dataDir, data: join(dataDir, "postgres") });

function elsewhere(dataDir: string): Place {
  const root = join(SYSTEM_FOLDER, createHash("sha256").update(dataDir).digest("hex").slice(0, 12));
  return { dataDir, root, data: join(root, "postgres") };
}

/** Makes a folder that everyone may enter, whatever the umask. Folders that existed keep their mode: they are someone's. */
export function makeFolder(path: string): void {
  const first = makeAll(path);
  if (first === undefined || process.platform === "win32") return;
  for (let made = path; made.length >= first.length; made = dirname(made)) chmodSync(made, 0o755);
}

/** A recursive mkdir answers ENOENT for what is really a read-only parent; asking that parent gives the true reason. */
function makeAll(path: string): string | undefined {
  try {
    return mkdirSync(path, { recursive: true });
  } catch (error) {
    let parent = dirname(path);
    while (!existsSync(parent) && parent !== dirname(parent)) parent = dirname(parent);
    accessSync(parent, constants.W_OK);
    throw error;
  }
}

export function makeDataDir(dataDir: string): string {
  const path = resolve(dataDir);
  try {
    makeFolder(path);
  } catch (error) {
    throw explain(`The data folder ${path} cannot be used`, error, path);
  }
  return realpathSync(path);
}

/** Where the data of this folder is, if there is any. Changes nothing. */
export function findPlace(dataDir: string): Place | null {
  if (!existsSync(dataDir)) return null;
  const path = realpathSync(dataDir);
  const here = inside(path);
  if (exists(here)) return here;
  if (!existsSync(noteFile(path))) return null;
  const root = readFileSync(noteFile(path), "utf8").split("\n", 1)[0] ?? "";
  const there: Place = { dataDir: path, root, data: join(root, "postgres") };
  return exists(there) && mayUse(there) ? there : null;
}

/** A copied data folder brings its note along, and two folders must not share one database; a moved folder keeps it. */
function mayUse(place: Place): boolean {
  const owner = existsSync(ownerFile(place.root)) ? readFileSync(ownerFile(place.root), "utf8").trim() : place.dataDir;
  return owner === place.dataDir || !existsSync(noteFile(owner));
}

/** Where the data is or, on a first start, where it will be: in the data folder if the server's user can go there. */
export function choosePlace(dataDir: string, user: ServerUser | null, onProgress: (text: string) => void): Place {
  const found = findPlace(dataDir);
  const reachable = user === null || canEnter(user, dataDir);
  if (found !== null) {
    if (found.root === dataDir && !reachable) {
      throw new EmbeddedError(
        `The database in ${found.data} belongs to the user ${user.name}, who may no longer enter ${dataDir}. Let others enter its parent folders (chmod o+x), or move the data folder and say where with BILLWRIGHT_DATA_DIR.`,
      );
    }
    if (found.root !== dataDir) claim(found);
    return found;
  }
  if (reachable) return inside(dataDir);

  const place = elsewhere(dataDir);
  try {
    if (exists(place)) setAside(place.root, onProgress);
    makeFolder(place.root);
    claim(place);
  } catch (error) {
    throw explain(
      `PostgreSQL runs as the user ${user.name}, who may not enter ${dataDir}, so its data belongs in ${place.root}, which failed`,
      error,
      SYSTEM_FOLDER,
    );
  }
  onProgress(`The database is kept in ${place.root}, since ${user.name}, whom PostgreSQL runs as, may not enter ${dataDir}.`);
  return place;
}

function claim(place: Place): void {
  writeFileSync(ownerFile(place.root), `${place.dataDir}\n`);
  writeFileSync(
    noteFile(place.dataDir),
    `${place.root}\n\nThe line above is where the database of this folder is. Root started Billwright, PostgreSQL refuses to run as root, and\nthe user that it runs as instead may not enter this folder. Remove both to start over.\n`,
  );
}

/** Someone removed the data folder but not this: they want a new start, and books are never deleted without being asked. */
function setAside(root: string, onProgress: (text: string) => void): void {
  const old = `${root}.${new Date(systemClock.now()).toISOString().replace(/[:.]/g, "-")}`;
  renameSync(root, old);
  onProgress(`An older database of this folder was set aside as ${old}. Delete it if nobody needs it.`);
}
