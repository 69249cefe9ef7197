/**
 * Entitlements as feature flags, by the OpenFeature standard:
 *
 *     await OpenFeature.setProviderAndWait(new BillwrightProvider(client));
 *     const may = await OpenFeature.getClient().getBooleanValue("reports", false, { targetingKey: "acme" });
 *
 * The targeting key is the tenant. A boolean or metered feature is a boolean flag (`has_access`), a config feature one of its value's type.
 */
import type { ErrorCode, EvaluationContext, JsonValue, Provider, ResolutionDetails, TrackingEventDetails } from "@openfeature/server-sdk";
import type { Billwright } from "./client.ts";
import type { CheckResult } from "./entitlements/entitlements.ts";
import { BillwrightError } from "./error.ts";

export interface ProviderOptions {
  /** Whose flags they are, where that is not the targeting key. */
  tenant?: (context: EvaluationContext) => string | undefined;
  /** Which usage event a tracked event is; null: none. Without this, the one of its name. */
  usage?: (name: string, details: TrackingEventDetails) => { event: string; amount?: number; properties?: Record<string, unknown> } | null;
  /** Told of tracked events that could not be recorded; `track` itself has nobody to tell. */
  onError?: (error: unknown) => void;
}

export class BillwrightProvider implements Provider {
  readonly metadata = { name: "Billwright" } as const;
  readonly runsOn = "server";
  readonly #client: Pick<Billwright, "entitlements" | "usage">;
  readonly #options: ProviderOptions;

  constructor(client: Pick<Billwright, "entitlements" | "usage">, options: ProviderOptions = {}) {
    this.#client = client;
    this.#options = options;
  }

  /** Whether the tenant has access; of a config feature whose value is true or false, that value. */
  resolveBooleanEvaluation(flag: string, otherwise: boolean, context: EvaluationContext): Promise<ResolutionDetails<boolean>> {
    return this.#resolve(flag, otherwise, context, ({ has_access, value, type }) =>
      type === "config" && typeof value === "boolean" ? has_access && value : has_access,
    );
  }

  resolveStringEvaluation(flag: string, otherwise: string, context: EvaluationContext): Promise<ResolutionDetails<string>> {
    return this.#resolve(
      flag,
      otherwise,
      context,
      valueIf(otherwise, (value) => typeof value === "string"),
    );
  }

  resolveNumberEvaluation(flag: string, otherwise: number, context: EvaluationContext): Promise<ResolutionDetails<number>> {
    return this.#resolve(
      flag,
      otherwise,
      context,
      valueIf(otherwise, (value) => typeof value === "number"),
    );
  }

  resolveObjectEvaluation<T extends JsonValue>(flag: string, otherwise: T, context: EvaluationContext): Promise<ResolutionDetails<T>> {
    return this.#resolve(
      flag,
      otherwise,
      context,
      valueIf(otherwise, (value) => typeof value === "object" && value !== null),
    );
  }

  /** A tracked event is usage of the tenant. */
  track(name: string, context: EvaluationContext, details: TrackingEventDetails): void {
    const tenant_id = this.#tenantOf(context);
    const { value, ...properties } = details;
    const usage = this.#options.usage
      ? this.#options.usage(name, details)
      : { event: name, properties, ...(value === undefined ? {} : { amount: value }) };
    if (!tenant_id || !usage) return;
    this.#client.usage.record({ tenant_id, ...usage }).catch((error: unknown) => this.#options.onError?.(error));
  }

  async #resolve<T>(
    flag: string,
    otherwise: T,
    context: EvaluationContext,
    read: (check: CheckResult) => T | undefined,
  ): Promise<ResolutionDetails<T>> {
    const tenant = this.#tenantOf(context);
    if (!tenant) return failed(otherwise, "TARGETING_KEY_MISSING", "The targeting key, which is the tenant, is missing.");
    try {
      const check = await this.#client.entitlements.check(tenant, flag);
      const value = read(check);
      if (value === undefined)
        return failed(otherwise, "TYPE_MISMATCH", `${flag} is a ${check.type} feature, and its value is ${typeof check.value}.`);
      return { value, variant: String(check.has_access), reason: reasonOf(check), flagMetadata: metadataOf(check) };
    } catch (error) {
      if (!(error instanceof BillwrightError)) throw error;
      const code =
        error.code === "feature_not_found" ? "FLAG_NOT_FOUND" : error.code === "tenant_not_found" ? "INVALID_CONTEXT" : "GENERAL";
      return failed(otherwise, code, error.message);
    }
  }

  #tenantOf(context: EvaluationContext): string | undefined {
    return this.#options.tenant ? this.#options.tenant(context) : context.targetingKey;
  }
}

/** Of a config feature that the tenant has; the default where it has not. */
function valueIf<T>(otherwise: T, fits: (value: unknown) => boolean) {
  return ({ type, has_access, value }: CheckResult): T | undefined => {
    if (type !== "config") return undefined;
    if (!has_access) return otherwise;
    return fits(value) ? (value as T) : undefined;
  };
}

/** OpenFeature's word for where the answer is from; billing's own reason is in the metadata. */
function reasonOf({ source, has_access }: CheckResult): string {
  if (source === "policy") return "STALE";
  if (source === "cache") return "CACHED";
  return has_access ? "TARGETING_MATCH" : "DISABLED";
}

function metadataOf({ reason, source, limit, used, remaining, window, resets_at }: CheckResult): Record<string, string | number | boolean> {
  const all = { reason, source, limit, used, remaining, window, resets_at };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string | number] => entry[1] !== null));
}

// The values of OpenFeature's enum, without loading it.
function failed<T>(value: T, code: `${ErrorCode}`, errorMessage: string): ResolutionDetails<T> {
  return { value, reason: "ERROR", errorCode: code as ErrorCode, errorMessage };
}
