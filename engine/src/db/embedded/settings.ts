import os from "node:os";

const MB = 1024 * 1024;

/** What this process may use: a container's limit where there is one. */
function memory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < os.totalmem() ? limit : os.totalmem();
}

const megabytes = (bytes: number) => `${Math.floor(bytes / MB)}MB`;
const within = (low: number, value: number, high: number) => Math.max(low, Math.min(value, high));

/**
 * Settings of a server that shares a small machine with the engine and may lose nothing. `durable: false` is for
 * tests: the data does not survive the machine.
 */
export function serverSettings(durable: boolean, walCompression: string, overrides: Record<string, string> = {}): Record<string, string> {
  const total = memory();
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "100",
    shared_buffers: megabytes(durable ? within(32 * MB, total / 4, 2048 * MB) : within(32 * MB, total / 8, 256 * MB)),
    effective_cache_size: megabytes(within(128 * MB, total / 2, 16384 * MB)),
    maintenance_work_mem: megabytes(within(16 * MB, total / 32, 256 * MB)),
    max_wal_size: "4GB",
    checkpoint_timeout: "15min",
    wal_compression: walCompression,
    synchronous_commit: "on",
    random_page_cost: "1.1",
    jit: "off", // its compile time costs more than it wins on short queries
    timezone: "UTC",
    log_timezone: "UTC",
    track_io_timing: "off",
    log_checkpoints: "off",
    log_min_messages: "log", // the engine reports failed statements itself
  };
  if (!durable)
    Object.assign(settings, {
      fsync: "off",
      synchronous_commit: "off",
      full_page_writes: "off",
      wal_level: "minimal",
      max_wal_senders: "0",
    });
  return { ...settings, ...overrides };
}

export function asFlags(settings: Record<string, string>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}
