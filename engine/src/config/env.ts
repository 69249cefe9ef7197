/** How one variable of the environment is read: a value that makes no sense is an error that names it. */

export type Env = Record<string, string | undefined>;

export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export function integer(env: Env, name: string, fallback: number, min: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new ConfigError(`${name} is ${JSON.stringify(text)}, but must be a whole number from ${min} to ${max}.`);
  }
  return value;
}

export function days(env: Env, name: string, fallback: readonly number[]): readonly number[] {
  const text = env[name];
  if (text === undefined) return fallback;
  const values = text.split(",").flatMap((part) => (part.trim() === "" ? [] : [Number(part)]));
  if (!values.every((value, index) => Number.isInteger(value) && value > (values[index - 1] ?? 0) && value <= 365)) {
    throw new ConfigError(`${name} is ${JSON.stringify(text)}, but must be rising whole days from 1 to 365, such as 1,3,5,7.`);
  }
  return values;
}

export function oneOf<T extends string>(env: Env, name: string, values: readonly T[], fallback: T): T {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const value = values.find((candidate) => candidate === text.toLowerCase());
  if (value === undefined) throw new ConfigError(`${name} is ${JSON.stringify(text)}, but must be one of: ${values.join(", ")}.`);
  return value;
}

export function pattern(env: Env, name: string, form: RegExp, fallback: string, words: string): string {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  if (!form.test(text)) throw new ConfigError(`${name} is ${JSON.stringify(text)}, but must be ${words}.`);
  return text;
}

/** Several, by commas. */
export function list(env: Env, name: string): readonly string[] {
  return (env[name] ?? "").split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
}
