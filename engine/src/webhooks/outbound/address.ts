/** Which addresses webhooks may be sent to: public ones, and what the settings name beside them. Pure. */
import ipaddr from "ipaddr.js";
import type { Config } from "../../config.ts";
import { invalidField } from "../../errors.ts";

const LONGEST = 2_048;

/**
 * Whether an address may be reached. Only what is public is: not this machine, its networks, the services that clouds put at link-local addresses, nor any
 * form that hides an IPv4 address in an IPv6 one.
 */
export function mayReach(address: string, allowed: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  // An IPv4 address that is mapped into IPv6 is reached as what it is.
  const parsed = ipaddr.process(address);
  if (parsed.range() === "unicast") return true;
  return allowed.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network);
    return base.kind() === parsed.kind() && parsed.match(base, bits);
  });
}

/** The address that a URL's host already is; null: it is a name, which is looked up when it is called. Decimal, hexadecimal and short forms were made plain by URL. */
export function literalAddress(host: string): string | null {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  return ipaddr.isValid(bare) ? bare : null;
}

/** Refuses an address that no endpoint may have, and answers it as it will be called. What its name leads to is seen only then. */
export function checkUrl(text: string, { mode, webhooks }: Pick<Config, "mode" | "webhooks">): string {
  const refuse = (message: string) => invalidField("url", message);
  const url = text.length > LONGEST ? null : URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === "")
    throw refuse(`must be an http or https address of at most ${LONGEST} characters`);
  if (url.username !== "" || url.password !== "") throw refuse("must have no user and password in it: the signature says who sends");
  if (url.protocol === "http:" && mode === "live" && webhooks.allowPrivate.length === 0) throw refuse("must be https in live mode");
  url.hash = "";
  const address = literalAddress(url.hostname);
  if (address !== null && !mayReach(address, webhooks.allowPrivate))
    throw refuse("is not a public address, and this engine may not reach it");
  return url.href;
}
