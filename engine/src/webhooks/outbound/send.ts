/** One request to a receiver: within a time, with what it answers cut short, and going nowhere that it points to. */

import { type Dispatcher, request } from "undici";
import { stopwatch } from "../../clock.ts";
import { codeOf, wordsOf } from "../../errors.ts";
import { AddressRefused } from "./agent.ts";

export interface Sending {
  url: string;
  headers: Record<string, string>;
  body: string;
}

export interface Reply {
  /** null: there was no answer; `error` says why. */
  status: number | null;
  error: string | null;
  /** The beginning of what was answered. */
  body: string | null;
  retryAfter: string | undefined;
  durationMs: number;
}

const USER_AGENT = "Billwright-Webhooks (+https://www.standardwebhooks.com)";
/** What is kept of an answer, and how much of one is waited for. */
const KEPT = 2_000;
const READ_BYTES = 16_384;

export async function send(agent: Dispatcher, { url, headers, body }: Sending, timeoutMs: number): Promise<Reply> {
  const time = stopwatch();
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    // No redirect is followed: what a receiver points to was not subscribed.
    const answer = await request(url, {
      dispatcher: agent,
      method: "POST",
      headers: { ...headers, "user-agent": USER_AGENT },
      body,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: limit,
    });
    const text = await readStart(answer.body);
    const retryAfter = answer.headers["retry-after"];
    return {
      status: answer.statusCode,
      error: null,
      body: text,
      retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
      durationMs: Math.round(time()),
    };
  } catch (error) {
    const words = limit.aborted ? `no answer within ${timeoutMs / 1_000} s` : failureOf(error);
    return { status: null, error: words, body: null, retryAfter: undefined, durationMs: Math.round(time()) };
  }
}

/** Whoever answers at length is not heard to the end; the status was heard, and it is what counts. */
async function readStart(body: AsyncIterable<Buffer>): Promise<string | null> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of body) {
      parts.push(part);
      size += part.length;
      if (size >= READ_BYTES) break;
    }
  } catch {
    // It broke off in the middle.
  }
  // A NUL is the one character that no text of PostgreSQL holds.
  const text = Buffer.concat(parts).toString("utf8").slice(0, KEPT).replaceAll("\0", "�");
  return text === "" ? null : text;
}

function failureOf(error: unknown): string {
  if (error instanceof AddressRefused) return error.message;
  // Of several addresses that were tried, the first.
  const first = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  const [code, message] = [codeOf(first), wordsOf(first)];
  const words = code !== null && !message.includes(code) ? `${code}: ${message}` : message;
  return words.slice(0, 500) || "the connection failed";
}
