/** Settings of what lies outside: gateways and notifiers. */
import type { Config } from "../config.ts";
import { ConfigError, type Env, integer, oneOf, pattern } from "./env.ts";

export function smtp(env: Env): Config["smtp"] {
  const url = pattern(env, "SMTP_URL", /^smtps?:\/\/[^\s/]+/, "", "an address that begins with smtp:// or smtps://");
  const from = env.MAIL_FROM || "";
  if (url !== "" && !from.includes("@")) throw new ConfigError("MAIL_FROM must be a mail address where SMTP_URL is set.");
  return url === "" ? null : { url, from };
}

export function whatsapp(env: Env): Config["whatsapp"] {
  const apiUrl = pattern(
    env,
    "WHATSAPP_API_URL",
    /^https?:\/\/[^\s]+$/,
    "https://graph.facebook.com/v23.0",
    "an address that begins with https://",
  );
  const [phoneNumberId, token] = [env.WHATSAPP_PHONE_NUMBER_ID || "", env.WHATSAPP_TOKEN || ""];
  if ((phoneNumberId === "") !== (token === "")) throw new ConfigError("WHATSAPP_PHONE_NUMBER_ID and WHATSAPP_TOKEN go together.");
  return token === "" ? null : { apiUrl: apiUrl.replace(/\/+$/, ""), phoneNumberId, token };
}

export function razorpay(env: Env): Config["razorpay"] {
  const [keyId, keySecret] = [env.RAZORPAY_KEY_ID || "", env.RAZORPAY_KEY_SECRET || ""];
  const apiUrl = pattern(
    env,
    "RAZORPAY_API_URL",
    /^https?:\/\/[^\s]+$/,
    "https://api.razorpay.com/v1",
    "an address that begins with https://",
  );
  const timeoutMs = integer(env, "RAZORPAY_TIMEOUT_SECONDS", 15, 1, 120) * 1_000;
  if ((keyId === "") !== (keySecret === "")) throw new ConfigError("RAZORPAY_KEY_ID and RAZORPAY_KEY_SECRET go together.");
  if (keyId.startsWith("rzp_live_") && oneOf(env, "BILLWRIGHT_MODE", ["sandbox", "live"], "sandbox") === "sandbox")
    throw new ConfigError("RAZORPAY_KEY_ID is a live key, but BILLWRIGHT_MODE is sandbox, where nobody may be charged.");
  return keyId === "" ? null : { keyId, keySecret, apiUrl: apiUrl.replace(/\/+$/, ""), timeoutMs };
}
