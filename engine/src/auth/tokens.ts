/** JSON Web Tokens of people: signed with a shared secret (HS256), or by a key of a JWKS address that may rotate. */
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { isTenantId } from "../billing/tenants/tenant.ts";
import type { Clock } from "../clock.ts";
import { Refusal } from "../errors.ts";
import type { Principal } from "./principal.ts";
import { isConfined, isRole, ROLES, type Role, scopesOf } from "./roles.ts";

export interface TokenSettings {
  /** HS256; null: tokens signed so are refused. */
  secret: string | null;
  /** Where the issuer publishes its public keys; null: none. */
  jwksUrl: string | null;
  /** What `iss` and `aud` must say; null: anything. */
  issuer: string | null;
  audience: string | null;
}

export type TokenVerifier = (token: string) => Promise<Principal>;

// Never what the token asks for: a public key must not be taken for a shared secret, nor `none` for a signature.
const SHARED = ["HS256"];
const PUBLIC_KEY = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
const LEEWAY_SECONDS = 30;
/** Keys are asked for anew when a token names one that is not known, at most this often, and anyway after an hour. */
const JWKS = { cooldownDuration: 30_000, cacheMaxAge: 3_600_000, timeoutDuration: 5_000 };

/** Whether a credential has the form of a token; anything else is looked up as an API key. */
export function looksLikeToken(credential: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(credential);
}

export function createTokenVerifier(settings: TokenSettings, clock: Clock): TokenVerifier {
  const secret = settings.secret === null ? null : new TextEncoder().encode(settings.secret);
  const remote = settings.jwksUrl === null ? null : createRemoteJWKSet(new URL(settings.jwksUrl), JWKS);
  return async (token) => {
    const { alg } = headerOf(token);
    const key = SHARED.includes(alg) ? secret : PUBLIC_KEY.includes(alg) ? remote : null;
    if (key === null) throw refused(`its algorithm ${alg.slice(0, 20)} is not one that this engine is set up for`);
    return principalOf(await verify(token, key, SHARED.includes(alg) ? SHARED : PUBLIC_KEY, settings, clock));
  };
}

async function verify(
  token: string,
  key: Uint8Array | JWTVerifyGetKey,
  algorithms: string[],
  { issuer, audience }: TokenSettings,
  clock: Clock,
): Promise<JWTPayload> {
  const options = {
    algorithms,
    clockTolerance: LEEWAY_SECONDS,
    currentDate: new Date(clock.now()),
    ...(issuer === null ? {} : { issuer }),
    ...(audience === null ? {} : { audience }),
  };
  try {
    // The two forms of the key are two overloads of one function.
    return (await (typeof key === "function" ? jwtVerify(token, key, options) : jwtVerify(token, key, options))).payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw refused("it has expired");
    if (error instanceof errors.JWTClaimValidationFailed) throw refused(`its claim ${error.claim} is not what it must be`);
    if (error instanceof errors.JWKSNoMatchingKey) throw refused("no published key made its signature");
    if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWSInvalid)
      throw refused("its signature is wrong");
    // The issuer cannot be reached: nobody is refused for good by that, and nobody let in.
    throw new Refusal("unavailable", "The keys that tokens are checked by cannot be read right now. Try again.");
  }
}

function principalOf(claims: JWTPayload): Principal {
  const { sub, tenant_id: tenantId, role } = claims;
  if (typeof sub !== "string" || sub === "" || sub.length > 255) throw refused("its claim sub must name who it is for");
  if (!isRole(role)) throw refused(`its claim role must be one of ${ROLES.join(", ")}`);
  return { kind: "person", id: sub, role, scopes: scopesOf(role), tenantId: tenantOf(role, tenantId) };
}

function tenantOf(role: Role, tenantId: unknown): string | null {
  if (!isConfined(role)) return null;
  if (typeof tenantId !== "string" || !isTenantId(tenantId)) throw refused(`its claim tenant_id must name the tenant of the ${role}`);
  return tenantId;
}

function headerOf(token: string): { alg: string } {
  try {
    const header = JSON.parse(Buffer.from(token.slice(0, token.indexOf(".")), "base64url").toString("utf8")) as { alg?: unknown };
    if (typeof header.alg === "string") return { alg: header.alg };
  } catch {
    // Told below, as any other form that is none.
  }
  throw refused("its header cannot be read");
}

function refused(why: string): Refusal {
  return new Refusal("unauthenticated", `This token is not valid: ${why}.`);
}
