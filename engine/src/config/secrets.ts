/** The keys that stored secrets are sealed with. */
import { ConfigError, type Env } from "./env.ts";

export interface SecretKey {
  id: string;
  key: Buffer;
}

export function secretKeys(env: Env): readonly SecretKey[] {
  return parseSecretKeys(env.SECRETS_KEY ?? "", "SECRETS_KEY");
}

/** `id:base64,older:base64`: the first one seals, each opens what it sealed. Never prints what it was given. */
export function parseSecretKeys(text: string, name: string): readonly SecretKey[] {
  const keys = text.split(",").flatMap((part): SecretKey[] => {
    if (part.trim() === "") return [];
    const [, id, base64] = /^([a-z0-9][a-z0-9_-]{0,31}):([A-Za-z0-9+/_-]+=*)$/.exec(part.trim()) ?? [];
    const key = Buffer.from(base64 ?? "", "base64");
    if (id === undefined || key.length !== 32)
      throw new ConfigError(
        `${name} must list keys as id:base64, by commas, each of 32 bytes: SECRETS_KEY="2026:$(openssl rand -base64 32)" makes one.`,
      );
    return [{ id, key }];
  });
  const twice = keys.find(({ id }, index) => keys.findIndex((other) => other.id === id) !== index);
  if (twice) throw new ConfigError(`${name} has two keys with the id ${twice.id}.`);
  return keys;
}
