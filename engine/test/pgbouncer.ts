/** A real PgBouncer in transaction mode before a test's database. Where it is missing, it is installed, or the test says what to do. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./engine-process.ts";

const PLACES = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"];
const ADVICE = "Install PgBouncer (apt-get install pgbouncer, brew install pgbouncer).";

function program(): string {
  const found = () => PLACES.find((place) => existsSync(place));
  const there = found();
  if (there) return there;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) throw new Error(`There is no PgBouncer here. ${ADVICE}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", "pgbouncer"]])
    spawnSync("/usr/bin/apt-get", args, { env, timeout: 300_000 });
  const installed = found();
  if (!installed) throw new Error(`PgBouncer could not be installed. ${ADVICE}`);
  return installed;
}

export interface Bouncer {
  url: string;
  stop(): void;
}

export async function startBouncer(databaseUrl: string, connectQuery: string): Promise<Bouncer> {
  const to = new URL(databaseUrl);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "billwright-bouncer-"));
  chmodSync(folder, 0o755);
  const file = join(folder, "pgbouncer.ini");
  const query = connectQuery === "" ? "" : ` connect_query='${connectQuery.replaceAll("'", "''")}'`;
  writeFileSync(
    file,
    `[databases]
* = host=${to.hostname} port=${to.port} user=${decodeURIComponent(to.username)} password='${decodeURIComponent(to.password)}'${query}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
`,
  );
  // It does not run as root.
  const as = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const child: ChildProcess = spawn(program(), [...as, file], { stdio: "ignore" });
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  await new Promise<void>((resolve, reject) => {
    const until = Date.now() + 20_000;
    const knock = () => {
      const socket = createConnection(port, "127.0.0.1", () => {
        socket.destroy();
        resolve();
      });
      socket.on("error", () => (Date.now() > until ? reject(new Error("PgBouncer did not start.")) : setTimeout(knock, 50)));
    };
    knock();
  });
  return {
    url: url.href,
    stop: () => {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
