/** What can be asked and what comes back, read from the engine's OpenAPI document. */
import type { components, paths } from "./api.gen.ts";

export type Schemas = components["schemas"];
export type Method = "GET" | "PUT" | "POST" | "PATCH" | "DELETE";

/** The paths that take a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<Lowercase<M>, { responses: unknown }> ? P : never;
}[keyof paths];

export type Operation<M extends Method, P extends keyof paths> = paths[P] extends Record<Lowercase<M>, infer O> ? O : never;

type Json<R> = R extends { content: { "application/json": infer T } } ? T : never;

/** The body of the answers that are no refusal. */
export type AnswerOf<O> = O extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 202)]> : never;

/** The body that `M P` takes. */
export type Body<M extends Method, P extends PathOf<M>> =
  Operation<M, P> extends { requestBody?: infer B }
    ? NonNullable<B> extends { content: { "application/json": infer T } }
      ? T
      : never
    : never;

/** The answer of `M P`. */
export type Answer<M extends Method, P extends PathOf<M>> = AnswerOf<Operation<M, P>>;

/** The query of `GET P`, without what the client itself sees to. */
export type Query<P extends PathOf<"GET">> =
  Operation<"GET", P> extends { parameters: { query?: infer Q } } ? Omit<NonNullable<Q>, "cursor"> : Record<never, never>;

/** One element of the list that `GET P` answers. */
export type ItemOf<P extends PathOf<"GET">> = Answer<"GET", P> extends { items: (infer T)[] } ? T : never;

type PathPart<O> = O extends { parameters: { path: infer T extends object } } ? { path: T } : { path?: never };
type QueryPart<O> = O extends { parameters: { query?: infer T } } ? { query?: T } : { query?: never };
type BodyPart<O> = O extends { requestBody: { content: { "application/json": infer T } } }
  ? { body: T }
  : O extends { requestBody?: { content: { "application/json": infer T } } }
    ? { body?: T }
    : { body?: never };

export interface CallOptions {
  /** Makes sending it again harmless beyond this process; every change gets one of its own if you give none. */
  idempotencyKey?: string;
  /** Ends the call, whatever attempt it is at; it rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Of one attempt, in milliseconds. */
  timeout?: number;
  /** How often it is sent again. */
  retries?: number;
}

export type RequestOptions<O> = PathPart<O> & QueryPart<O> & BodyPart<O> & CallOptions;

/** Options are optional where nothing in them is required. */
export type Ask<O> = Record<never, never> extends RequestOptions<O> ? [options?: RequestOptions<O>] : [options: RequestOptions<O>];
