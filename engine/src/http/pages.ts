/**
 * Serves the dashboard: files that a build has made, compressed already, held in memory with the tag of their content. What no route
 * answers and a browser asks for as a page is answered with the one page there is, whose own router knows the address.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Context } from "../context.ts";

/** In this repository, and in the published package. */
const FOLDERS = ["../../../dashboard/dist/", "../dashboard/"].map((path) => fileURLToPath(new URL(path, import.meta.url)));

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};
const ENCODINGS = { br: ".br", gzip: ".gz" } as const;
type Encoding = keyof typeof ENCODINGS;

interface Page {
  type: string;
  tag: string;
  /** Its name changes with its content, so it may be kept for ever. */
  lasting: boolean;
  plain: Buffer;
  packed: Partial<Record<Encoding, Buffer>>;
}

export interface Pages {
  /** The answer to what no route takes, where it is a page that is asked for; null: there is nothing at this address. */
  answer(request: FastifyRequest, reply: FastifyReply): FastifyReply | null;
}

// What is asked for below these is data, whatever a browser says that it would like to have.
const DATA = /^\/(v1|docs|sandbox|openapi\.json|livez|readyz|health|metrics|assets)(\/|\?|$)/;

export function pages(app: FastifyInstance, ctx: Context, folders: readonly string[] = FOLDERS): Pages {
  const folder = folders.find((one) => existsSync(join(one, "index.html")));
  const files = folder === undefined ? new Map<string, Page>() : readPages(folder);
  const page = files.get("/index.html") ?? notBuilt();
  const policy = policyOf(ctx.config.corsOrigins);

  const send = (request: FastifyRequest, reply: FastifyReply, file: Page) => {
    reply
      .header("etag", file.tag)
      .header("cache-control", file.lasting ? "public, max-age=31536000, immutable" : "no-cache")
      .header("vary", "Accept-Encoding")
      .header("cross-origin-resource-policy", "same-origin")
      .header("content-type", file.type);
    if (file.type.startsWith("text/html")) reply.header("content-security-policy", policy);
    if (request.headers["if-none-match"] === file.tag) return reply.status(304).send();
    const accepted = String(request.headers["accept-encoding"] ?? "");
    const encoding = (Object.keys(ENCODINGS) as Encoding[]).find((one) => file.packed[one] && accepted.includes(one));
    if (encoding) reply.header("content-encoding", encoding);
    return reply.send(encoding ? file.packed[encoding] : file.plain);
  };

  const open = { config: { permission: "public" as const }, schema: { hide: true } };
  app.get("/", open, (request, reply) => send(request, reply, page));
  for (const [path, file] of files) if (path !== "/index.html") app.get(path, open, (request, reply) => send(request, reply, file));

  return {
    answer: (request, reply) => {
      const asksForPage = request.method === "GET" && String(request.headers.accept ?? "").includes("text/html");
      return asksForPage && !DATA.test(request.url) ? send(request, reply, page) : null;
    },
  };
}

function readPages(folder: string): Map<string, Page> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
  const found = new Set(names);
  const files = new Map<string, Page>();
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type === undefined || name.startsWith(".")) continue;
    const plain = readFileSync(join(folder, name));
    const packed = Object.fromEntries(
      Object.entries(ENCODINGS).flatMap(([encoding, end]) =>
        found.has(name + end) ? [[encoding, readFileSync(join(folder, name + end))]] : [],
      ),
    );
    files.set(`/${name}`, { type, tag: tagOf(plain), lasting: name.startsWith("assets/"), plain, packed });
  }
  return files;
}

function notBuilt(): Page {
  const plain = Buffer.from(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Billwright</title>
<h1>The dashboard is not built</h1>
<p>The engine runs, and its API is at <a href="/docs">/docs</a>. To build the pages that belong here, stop it, run
<code>npm run build -w dashboard</code> in the repository, and start it again.</p></html>
`,
  );
  return { type: TYPES[".html"]!, tag: tagOf(plain), lasting: false, plain, packed: {} };
}

/**
 * Nothing from elsewhere, nothing inline but styles that scripts set on elements (which no policy concerns). Who may call the API
 * from a page of theirs may also show these pages in it.
 */
function policyOf(origins: readonly string[]): string {
  const ancestors = origins.length === 0 ? "'none'" : `'self' ${origins.join(" ")}`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${ancestors}`,
  ].join("; ");
}

function tagOf(content: Buffer): string {
  return `"${createHash("sha256").update(content).digest("base64url").slice(0, 22)}"`;
}
