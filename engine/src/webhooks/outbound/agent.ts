/** Connections to receivers, which are opened to addresses that may be reached and to no other: whatever a name leads to, and however often it changes. */
import { lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { Agent, buildConnector } from "undici";
import { literalAddress, mayReach } from "./address.ts";

/** The receiver is where nothing may be sent to. */
export class AddressRefused extends Error {
  override readonly name = "AddressRefused";
}

const bySystem: LookupFunction = (hostname, options, done) => systemLookup(hostname, options, done);

const CONNECT_MS = 10_000;

/** `resolve`: how names are looked up. It is asked once for each connection, and the connection goes to what was checked. */
export function guardedAgent(allowed: readonly string[], resolve: LookupFunction = bySystem): Agent {
  const lookup: LookupFunction = (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return done(error, []);
      const open = (Array.isArray(found) ? found : []).filter(({ address }) => mayReach(address, allowed));
      const [first] = open;
      if (!first) return done(new AddressRefused(`${hostname} leads to no address that may be reached`), []);
      if (options.all) done(null, open);
      else done(null, first.address, first.family);
    });
  };
  const connector = buildConnector({ lookup, timeout: CONNECT_MS, allowH2: false });
  return new Agent({
    // A receiver that never stops sending headers costs little.
    maxHeaderSize: 16_384,
    // Shorter than what receivers keep: a connection that is closed just as it is used again would count as a failure of theirs.
    keepAliveTimeout: 2_000,
    keepAliveMaxTimeout: 2_000,
    connect: (options, done) => {
      // What is an address already is not looked up.
      const address = literalAddress(options.hostname);
      if (address !== null && !mayReach(address, allowed)) return done(new AddressRefused(`${address} may not be reached`), null);
      connector(options, (error, socket) => {
        if (error || !socket) return done(error ?? new Error("no connection"), null);
        // What was looked up is what is connected to; should that ever not be so, nothing is sent.
        const remote = socket.remoteAddress ?? "";
        if (!mayReach(remote, allowed)) {
          socket.destroy();
          return done(new AddressRefused(`${remote || "a connection without an address"} may not be reached`), null);
        }
        done(null, socket);
      });
    },
  });
}
