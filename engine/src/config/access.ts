/** Settings of who reaches the engine, and of what it reaches first. */
import { ConfigError, type Env, pattern } from "./env.ts";

/** Where the application's own pages are; null: nobody said. */
export function frontendUrl(env: Env): string | null {
  return pattern(env, "FRONTEND_URL", /^https?:\/\/[^\s/]+(\/[^\s]*)?$/, "", "an address that begins with http:// or https://") || null;
}

export function origins(env: Env): readonly string[] {
  const list = (env.CORS_ORIGINS ?? "").split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim().replace(/\/+$/, "")]));
  const odd = list.find((origin) => !/^https?:\/\/[^\s/]+$/.test(origin));
  if (odd !== undefined)
    throw new ConfigError(`CORS_ORIGINS has ${JSON.stringify(odd)}, but must list origins such as https://app.example.com.`);
  const own = frontendUrl(env);
  return own === null ? list : [...new Set([...list, new URL(own).origin])];
}

export function proxies(env: Env): readonly string[] {
  const list = (env.TRUSTED_PROXIES ?? "").split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
  const odd = list.find((proxy) => !/^(loopback|linklocal|uniquelocal|[0-9a-fA-F.:]+(\/\d{1,3})?)$/.test(proxy));
  if (odd !== undefined)
    throw new ConfigError(
      `TRUSTED_PROXIES has ${JSON.stringify(odd)}, but must list addresses or networks such as 10.0.0.0/8, or loopback.`,
    );
  return list;
}

export function apiKey(env: Env): string | null {
  const text = env.BILLWRIGHT_API_KEY;
  if (text === undefined || text === "") return null;
  // Short ones are for trying things out; a key that guards real money must not be guessable.
  const least = env.BILLWRIGHT_MODE?.toLowerCase() === "live" ? 24 : 1;
  if (!/^[\x21-\x7e]{1,255}$/.test(text) || text.length < least) {
    throw new ConfigError(`BILLWRIGHT_API_KEY must have ${least} to 255 printable characters without spaces.`);
  }
  return text;
}

export function databaseUrl(env: Env, name = "DATABASE_URL"): string | null {
  const text = env[name];
  if (text === undefined || text === "") return null;
  if (!/^postgres(ql)?:\/\//.test(text)) {
    const more = name === "DATABASE_URL" ? " (leave it out to use the embedded PostgreSQL)" : "";
    throw new ConfigError(`${name} must begin with postgres:// or postgresql://${more}.`);
  }
  return text;
}
