/** How the engine serves the pages of a folder, and what it says where none were built. The pages themselves are looked at in dashboard/test. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify from "fastify";
import { expect, test } from "vitest";
import type { Context } from "../src/context.ts";
import { pages } from "../src/http/pages.ts";

const ctxOf = (...corsOrigins: string[]) => ({ config: { corsOrigins } }) as unknown as Context;

test("without a build the page says what to do, and the rest works on", async () => {
  const app = Fastify();
  const served = pages(app, ctxOf(), []);
  app.setNotFoundHandler((request, reply) => served.answer(request, reply) ?? reply.status(404).send("none"));
  const page = await app.inject({ url: "/" });
  expect([page.statusCode, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
  expect(page.body).toContain("The dashboard is not built");
  expect((await app.inject({ url: "/t/acme", headers: { accept: "text/html" } })).body).toBe(page.body);
  expect((await app.inject({ url: "/t/acme" })).statusCode).toBe(404);
});

test("files are served in the form that is asked for; who may call the API may frame its pages", async () => {
  const folder = mkdtempSync(join(tmpdir(), "billwright-pages-"));
  mkdirSync(join(folder, "assets"));
  for (const [name, text] of [
    ["index.html", "<p>here"],
    ["assets/a-1.js", "plain"],
    ["assets/a-1.js.br", "brotli"],
    ["assets/a-1.js.gz", "gzip"],
    [".made-of", "hidden"],
  ] as const)
    writeFileSync(join(folder, name), text);
  const app = Fastify();
  pages(app, ctxOf("https://app.example.com"), ["/nowhere", folder]);
  const ask = (url: string, headers = {}) => app.inject({ url, headers });
  expect((await ask("/assets/a-1.js")).body).toBe("plain");
  expect((await ask("/assets/a-1.js", { "accept-encoding": "gzip" })).body).toBe("gzip");
  const packed = await ask("/assets/a-1.js", { "accept-encoding": "gzip, deflate, br" });
  expect([packed.body, packed.headers.vary]).toEqual(["brotli", "Accept-Encoding"]);
  expect((await ask("/assets/a-1.js", { "if-none-match": packed.headers.etag })).statusCode).toBe(304);
  expect((await ask("/")).headers["content-security-policy"]).toMatch(/frame-ancestors 'self' https:\/\/app\.example\.com$/);
  for (const path of ["/.made-of", "/assets/a-1.js.br", "/assets/../index.html.gz"]) expect((await ask(path)).statusCode).toBe(404);
  rmSync(folder, { recursive: true });
});
