/** What can be asked and what comes back, read from the engine's OpenAPI document. */
import type { paths } from "./api.gen.ts";

export type Method = "GET" | "PUT" | "POST" | "PATCH" | "DELETE";

/** The paths that take a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<Lowercase<M>, { responses: unknown }> ? P : never;
}[keyof paths];

export type Operation<M extends Method, P extends keyof paths> = paths[P] extends Record<Lowercase<M>, infer O> ? O : never;

type Json<R> = R extends { content: { "application/json": infer T } } ? T : never;

/** The body of the answers that are no refusal. */
export type AnswerOf<O> = O extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 202)]> : never;

type PathPart<O> = O extends { parameters: { path: infer T extends object } } ? { path: T } : { path?: never };
type QueryPart<O> = O extends { parameters: { query?: infer T } } ? { query?: T } : { query?: never };
type BodyPart<O> = O extends { requestBody: { content: { "application/json": infer T } } }
  ? { body: T }
  : O extends { requestBody?: { content: { "application/json": infer T } } }
    ? { body?: T }
    : { body?: never };

export interface CallOptions {
  /** Makes sending it again harmless; every change gets one of its own if you give none. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

export type RequestOptions<O> = PathPart<O> & QueryPart<O> & BodyPart<O> & CallOptions;
