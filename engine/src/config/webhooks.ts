/** Settings of webhooks that go out. */
import ipaddr from "ipaddr.js";
import type { Config } from "../config.ts";
import { ConfigError, type Env, integer, oneOf } from "./env.ts";

const LOOPBACK = ["127.0.0.0/8", "::1/128"];

export function webhooks(env: Env): Config["webhooks"] {
  return {
    allowPrivate: allowPrivate(env),
    timeoutMs: integer(env, "WEBHOOKS_TIMEOUT_SECONDS", 15, 1, 60) * 1_000,
    disableAfterDays: integer(env, "WEBHOOKS_DISABLE_AFTER_DAYS", 5, 0, 365),
  };
}

/** Networks, as CIDR. What only this machine can ask for, in a sandbox, may be sent to this machine; anything else must be said. */
function allowPrivate(env: Env): readonly string[] {
  const text = (env.WEBHOOKS_ALLOW_PRIVATE ?? "").trim();
  if (text === "") {
    const sandbox = oneOf(env, "BILLWRIGHT_MODE", ["sandbox", "live"], "sandbox") === "sandbox";
    return sandbox && /^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(env.HOST || "127.0.0.1") ? LOOPBACK : [];
  }
  if (text === "false") return [];
  if (text === "true") return ["0.0.0.0/0", "::/0"];
  return text.split(",").flatMap((part) => {
    const word = part.trim();
    if (word === "loopback") return LOOPBACK;
    const network = word.includes("/") ? word : `${word}/${word.includes(":") ? 128 : 32}`;
    if (!ipaddr.isValidCIDR(network))
      throw new ConfigError(
        `WEBHOOKS_ALLOW_PRIVATE has ${JSON.stringify(word)}, but must be true, false, or list addresses or networks such as 10.0.0.0/8, or loopback.`,
      );
    return [network];
  });
}
