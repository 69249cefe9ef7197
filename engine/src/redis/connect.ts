/** Connections to one Redis or to a Redis Cluster, by the library. Nothing waits in a queue for a server that is away: it fails, and the breaker is told. */
import type { Cluster, RedisOptions, Redis as Single } from "ioredis";
import type { RedisAddress } from "../config.ts";

export type Commands = Single | Cluster;
type Options = Omit<RedisOptions, "replyMapping">;

const CONNECT_MS = 1_000;
const LAST_RETRY_MS = 2_000;

const backOff = (times: number): number => Math.min(LAST_RETRY_MS, 50 * 2 ** Math.min(times, 8)) * (0.5 + Math.random() / 2);

/** What a URL says: rediss:// is TLS; user and password; the number of the database, which a cluster does not have. */
function optionsOf(url: string): Options {
  const { hostname, port, username, password, pathname, protocol } = new URL(url);
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || 6_379),
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    ...(pathname.length > 1 ? { db: Number(pathname.slice(1)) } : {}),
    ...(protocol === "rediss:" ? { tls: {} } : {}),
  };
}

const COMMON: Options = {
  lazyConnect: true,
  connectTimeout: CONNECT_MS,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  connectionName: "billwright",
  // What every version and every proxy speaks.
  protocol: 2,
};

export async function connectCommands({ urls, cluster }: RedisAddress): Promise<Commands> {
  const library = await import("ioredis");
  const nodes = urls.map(optionsOf);
  if (!cluster) return new library.Redis({ ...COMMON, ...nodes[0], retryStrategy: backOff });
  const { host: _host, port: _port, db: _db, ...access } = nodes[0]!;
  return new library.Cluster(
    nodes.map(({ host, port }) => ({ host: host!, port: port! })),
    {
      lazyConnect: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: backOff,
      slotsRefreshTimeout: CONNECT_MS,
      slotsRefreshInterval: 5_000,
      retryDelayOnFailover: 50,
      retryDelayOnClusterDown: 50,
      maxRedirections: 5,
      // Certificates are of names, which a look-up would turn into addresses.
      ...(access.tls ? { dnsLookup: (address, found) => found(null, address) } : {}),
      redisOptions: { ...access, connectTimeout: CONNECT_MS, maxRetriesPerRequest: 0, connectionName: "billwright", protocol: 2 },
    },
  );
}

/** One connection to one server, which is not made again by itself. In a cluster any node will do: what is published on one is heard on all. */
export async function connectOnce({ urls, cluster }: RedisAddress, known: Commands, turn: number): Promise<Single> {
  const library = await import("ioredis");
  const { db, ...access } = optionsOf(urls[0]!);
  const named = urls.map(optionsOf).map(({ host, port }) => ({ host, port }));
  const seen = "nodes" in known ? known.nodes("all").map(({ options }) => ({ host: options.host, port: options.port })) : [];
  const nodes = seen.length > 0 ? seen : named;
  const node = cluster ? nodes[turn % nodes.length]! : named[0]!;
  return new library.Redis({
    ...COMMON,
    ...access,
    ...(cluster || db === undefined ? {} : { db }),
    ...(node.host === undefined ? {} : { host: node.host }),
    ...(node.port === undefined ? {} : { port: node.port }),
    retryStrategy: null,
    autoResubscribe: false,
  });
}
