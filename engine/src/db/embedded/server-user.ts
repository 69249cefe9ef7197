import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { EmbeddedError } from "./problem.ts";
import { childOptions, type ServerUser } from "./processes.ts";

const OWN_USER = "billwright";
const ALTERNATIVES = "start Billwright as an ordinary user, or use a PostgreSQL of your own by setting DATABASE_URL";

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** PostgreSQL refuses to run as root, so root lends it another user; null for everyone else: it runs as ourselves. */
export function chooseServerUser(dataDir: string, existingData: string | null): ServerUser | null {
  if (!isRoot()) return null;
  const user = ownerOf(existingData ?? dataDir) ?? lookUp("postgres") ?? lookUp(OWN_USER) ?? create();
  const tried = spawnSync("/bin/sh", ["-c", "exit 0"], childOptions(user));
  if (tried.status === 0) return user;
  throw new EmbeddedError(
    `PostgreSQL refuses to run as root, and this root may not act as the user ${user.name} (${tried.error?.message ?? "no reason given"}). Instead, ${ALTERNATIVES}.`,
  );
}

/** Data, or else its folder, is served by whom it belongs to, so that root and its owner may take turns. */
function ownerOf(path: string): ServerUser | null {
  const { uid, gid } = statSync(path);
  return uid === 0 ? null : { name: `number ${uid}`, uid, gid };
}

/** By `id`, which also knows users that are not in /etc/passwd. */
function lookUp(name: string): ServerUser | null {
  const ask = (flag: string) => spawnSync("id", [flag, name], { encoding: "utf8" });
  const [uid, gid] = [ask("-u"), ask("-g")];
  return uid.status === 0 && gid.status === 0 && Number(uid.stdout) > 0 ? { name, uid: Number(uid.stdout), gid: Number(gid.stdout) } : null;
}

function create(): ServerUser {
  const args = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", OWN_USER];
  const made = spawnSync("useradd", args, { encoding: "utf8" });
  const user = lookUp(OWN_USER);
  if (user !== null) return user;
  const reason = made.error?.message ?? made.stderr.trim();
  throw new EmbeddedError(
    `PostgreSQL refuses to run as root, and a user for it could not be created (${reason}). Create a system user named ${OWN_USER}, ${ALTERNATIVES}.`,
  );
}
