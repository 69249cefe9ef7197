/**
 * The spool of Node: a folder for each process, in it append-only files. Killed at any instant, a process loses nothing that
 * `append` had confirmed; the next process on the folder takes it over and sends it.
 */
import { appendFile, type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { BillwrightError } from "../error.ts";
import { bytesOf, Room } from "./room.ts";
import { Segment } from "./segment.ts";
import type { Batch, OpenSpool, Spool, SpoolLimits } from "./spool.ts";
import { folderOf, freeFolder, HEARTBEAT_MS, isAbandoned, isQueue, type Owner, thisOwner } from "./spool-owner.ts";

const SEGMENT_BYTES = 8 * 1_048_576;

export interface DiskSpoolOptions {
  /** Made if it is not there. Processes may share it. */
  directory: string;
  /**
   * When what was written is forced to the disk itself: "always", before `record` resolves (survives power loss); "interval", every second;
   * "never", when the operating system does. A killed process loses nothing in either case.
   */
  fsync?: "always" | "interval" | "never";
}

export function diskSpool(options: DiskSpoolOptions): OpenSpool {
  return async (limits, onChange) => {
    try {
      const owner = await thisOwner();
      const folder = join(options.directory, folderOf(owner));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const spool = new DiskSpool(options, owner, folder, limits, onChange);
      await spool.begin();
      return spool;
    } catch (error) {
      const advice = 'Give usage.spool a directory that can be written, or "memory".';
      throw failed(`The usage spool in ${options.directory} cannot be opened: ${(error as Error).message}. ${advice}`, error);
    }
  };
}

interface Waiting {
  line: string;
  bytes: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

class DiskSpool implements Spool {
  readonly isDurable = true;
  readonly #directory: string;
  readonly #fsync: "always" | "interval" | "never";
  readonly #owner: Owner;
  readonly #folder: string;
  readonly #room: Room;
  readonly #limits: SpoolLimits;
  readonly #onChange: () => void;
  readonly #segmentBytes: number;
  /** Oldest first; the one that is written to is the last. */
  readonly #segments: Segment[] = [];
  /** Folders that were taken over, as they are called now; false while what is in them is still being read. */
  readonly #adopted = new Map<string, boolean>();
  #file: FileHandle | null = null;
  #count = 0;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;
  #dirty = false;
  #flying: Segment | null = null;
  readonly #timers: ReturnType<typeof setInterval>[] = [];

  constructor(
    { directory, fsync = "interval" }: DiskSpoolOptions,
    owner: Owner,
    folder: string,
    limits: SpoolLimits,
    onChange: () => void,
  ) {
    this.#directory = directory;
    this.#fsync = fsync;
    this.#owner = owner;
    this.#folder = folder;
    this.#limits = limits;
    this.#onChange = onChange;
    this.#segmentBytes = Math.max(1_024, Math.min(SEGMENT_BYTES, limits.maxBytes >> 3));
    this.#room = new Room(limits, () => this.#drop());
  }

  get pending(): number {
    return this.#segments.reduce((sum, { lines }) => sum + lines, 0) + this.#waiting.length;
  }

  async begin(): Promise<void> {
    await this.#adopt();
    this.#every(HEARTBEAT_MS, async () => {
      await Promise.all(
        [this.#folder, ...this.#adopted.keys()].map((folder) => utimes(folder, new Date(), new Date()).catch(() => undefined)),
      );
      await this.#adopt();
    });
    if (this.#fsync === "interval") this.#every(1_000, () => this.#sync());
  }

  async append(line: string): Promise<void> {
    const bytes = bytesOf(line);
    await this.#room.take(bytes);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, bytes, resolve, reject });
      this.#write();
    });
  }

  async next(max: { count: number; bytes: number }): Promise<Batch> {
    for (let first = this.#segments[0]; first; first = this.#segments[0]) {
      if (first.waiting > 0) {
        this.#flying = first;
        const { lines, end } = await first.read(max);
        return { lines, mark: end };
      }
      if (first.open) break;
      this.#segments.shift();
      await first.remove();
    }
    await this.#removeEmptied();
    return { lines: [], mark: 0 };
  }

  async done({ lines, mark }: Batch): Promise<void> {
    const segment = this.#flying!;
    const bytes = (mark as number) - segment.settled;
    await segment.settle(mark as number, lines.length);
    this.#flying = null;
    this.#room.give(bytes);
  }

  async setAside(line: string, why: string): Promise<void> {
    await appendFile(join(this.#directory, "set-aside.ndjson"), `${line.slice(0, -1)},"set_aside":${JSON.stringify(why)}}\n`);
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#written();
    await this.#finish();
    const isEmpty = this.#segments.every(({ waiting }) => waiting === 0);
    for (const folder of [this.#folder, ...this.#adopted.keys()]) {
      if (isEmpty) await rm(folder, { recursive: true, force: true });
      else await rename(folder, join(this.#directory, freeFolder()));
    }
  }

  #every(ms: number, work: () => Promise<void>): void {
    const timer = setInterval(() => void work().catch(() => undefined), ms);
    timer.unref();
    this.#timers.push(timer);
  }

  /** One write for all that was appended while the last one ran. */
  #write(): void {
    this.#writing ??= (async () => {
      while (this.#waiting.length > 0) {
        const lot = this.#waiting.splice(0, 10_000);
        try {
          await this.#writeLot(lot);
        } catch (error) {
          for (const { bytes, reject } of lot) {
            this.#room.give(bytes);
            reject(failed(`The usage spool cannot be written: ${(error as Error).message}.`, error));
          }
        }
      }
      this.#writing = null;
      this.#onChange();
    })();
  }

  /** All that was appended until now is in a file, or was refused. */
  async #written(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  async #writeLot(lot: readonly Waiting[]): Promise<void> {
    const segment = await this.#current();
    const file = this.#file!;
    const bytes = lot.reduce((sum, one) => sum + one.bytes, 0);
    try {
      await file.appendFile(lot.map(({ line }) => `${line}\n`).join(""));
      if (this.#fsync === "always") await file.datasync();
    } catch (error) {
      // A full disk may have taken half of it, which must not stand before the next line.
      await file.truncate(segment.size).catch(() => this.#finish());
      throw error;
    }
    this.#dirty = true;
    segment.size += bytes;
    segment.lines += lot.length;
    for (const { resolve } of lot) resolve();
  }

  /** The file to write to: a new one when the last is large enough. */
  async #current(): Promise<Segment> {
    const last = this.#segments.at(-1);
    if (last?.open && last.size < this.#segmentBytes) return last;
    await this.#finish();
    const segment = new Segment(join(this.#folder, `${String(this.#count++).padStart(8, "0")}.ndjson`));
    this.#file = await open(segment.path, "ax", 0o600);
    if (this.#fsync === "always") await syncFolder(this.#folder);
    segment.open = true;
    this.#segments.push(segment);
    return segment;
  }

  async #finish(): Promise<void> {
    const file = this.#file;
    if (!file) return;
    await this.#sync();
    this.#file = null;
    const written = this.#segments.find((segment) => segment.open);
    if (written) written.open = false;
    await file.close();
  }

  async #sync(): Promise<void> {
    if (!this.#dirty || this.#fsync === "never") return;
    this.#dirty = false;
    await this.#file?.datasync();
  }

  /** Takes over the folders of processes that are gone. Renaming is the lock: of several that try, one succeeds. */
  async #adopt(): Promise<void> {
    const found: Segment[] = [];
    for (const folder of (await readdir(this.#directory)).filter(isQueue).sort()) {
      const path = join(this.#directory, folder);
      if (path === this.#folder || this.#adopted.has(path)) continue;
      const touched = await stat(path).catch(() => null);
      if (!touched || !(await isAbandoned(folder, this.#owner, touched.mtimeMs, Date.now()))) continue;
      const own = join(this.#directory, folderOf(this.#owner));
      try {
        await rename(path, own);
      } catch {
        continue;
      }
      this.#adopted.set(own, false);
      for (const file of (await readdir(own)).filter((name) => name.endsWith(".ndjson")).sort())
        found.push(await Segment.recover(join(own, file)));
    }
    for (const folder of this.#adopted.keys()) this.#adopted.set(folder, true);
    if (found.length === 0) return;
    this.#room.found(found.reduce((sum, { waiting }) => sum + waiting, 0));
    // Before what this process writes, behind what it may be reading just now.
    const place = this.#segments.findIndex((segment) => segment.open);
    this.#segments.splice(place === -1 ? this.#segments.length : Math.max(place, this.#flying ? 1 : 0), 0, ...found);
    this.#onChange();
  }

  async #removeEmptied(): Promise<void> {
    for (const [folder, isRead] of this.#adopted) {
      if (!isRead || this.#segments.some(({ path }) => path.startsWith(folder))) continue;
      this.#adopted.delete(folder);
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** The oldest file that is not on its way. */
  async #drop(): Promise<number> {
    if (this.#segments.every((segment) => segment === this.#flying || segment.open)) {
      await this.#written();
      await this.#finish();
    }
    const at = this.#segments.findIndex((segment) => segment !== this.#flying && !segment.open && segment.waiting > 0);
    const [dropped] = at === -1 ? [] : this.#segments.splice(at, 1);
    if (!dropped) return 0;
    const bytes = dropped.waiting;
    const { lines } = await dropped.read({ count: dropped.lines, bytes });
    await dropped.remove();
    this.#room.give(bytes);
    this.#limits.onDropped(lines);
    return bytes;
  }
}

/** So that power loss does not take the name of the file. */
async function syncFolder(folder: string): Promise<void> {
  const file = await open(folder, "r");
  try {
    // Windows knows no such thing.
    await file.sync().catch(() => undefined);
  } finally {
    await file.close();
  }
}

function failed(detail: string, cause: unknown): BillwrightError {
  return new BillwrightError(0, { code: "spool_failed", detail }, { cause });
}
