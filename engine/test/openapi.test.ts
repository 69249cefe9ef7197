/** The document is valid, says everything of every operation, and what is on disk was written from the routes as they are. */
import { readFile } from "node:fs/promises";
import { Validator } from "@seriousme/openapi-schema-validator";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { documentText, FILE } from "../src/cli/openapi.ts";
import { operationIdOf } from "../src/http/openapi.ts";

interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  security?: unknown[];
  parameters?: { name: string; in: string; description?: string; $ref?: string }[];
  responses: Record<string, { $ref?: string; description?: string; content?: Record<string, unknown> }>;
}

const REFRESH = "run `npm run openapi` and commit what it writes";
let text = "";
let operations: [string, Operation][] = [];

beforeAll(async () => {
  text = await documentText();
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, Operation>> };
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  );
});

test("is valid OpenAPI 3.1", async () => {
  const result = await new Validator().validate(JSON.parse(text));
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
});

test("engine/openapi.json is current", async () => {
  expect((await readFile(FILE, "utf8")) === text, REFRESH).toBe(true);
});

test("the client's types are current", async () => {
  const types = COMMENT_HEADER + astToString(await openapiTS(text));
  const onDisk = await readFile(new URL("../../sdk/src/api.gen.ts", import.meta.url), "utf8");
  expect(onDisk === types, REFRESH).toBe(true);
});

test("the same routes give the same text", async () => {
  expect(await documentText()).toBe(text);
});

describe("every operation", () => {
  test("has an id of its own, a summary, one tag, and says who may call it", () => {
    const faults = operations.flatMap(([name, { operationId, summary, tags, description }]) =>
      operationId && summary && tags?.length === 1 && description ? [] : [name],
    );
    expect(faults).toEqual([]);
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });

  test("describes its parameters", () => {
    const bare = operations.flatMap(([name, { parameters = [] }]) =>
      parameters.filter((one) => !one.$ref && !one.description).map((one) => `${name}: ${one.name}`),
    );
    expect(bare).toEqual([]);
  });

  test("has an answer with a schema, and its problems", () => {
    const faults = operations.flatMap(([name, { responses, security }]) => {
      const answers = Object.entries(responses).filter(([status]) => status < "300");
      const words = answers.every(([, answer]) => answer.content) && answers.length > 0 ? [] : [`${name}: no schema of its answer`];
      const open = security?.length === 0;
      const wanted = open ? ["429", "503"] : ["401", "403", "429", "503"];
      return [
        ...words,
        ...wanted.filter((status) => responses[status]?.$ref !== "#/components/responses/Problem").map((s) => `${name}: ${s}`),
      ];
    });
    expect(faults).toEqual([]);
  });
});

test.each([
  ["GET", "/v1/tenants/:tenant_id/invoices", "getTenantsInvoices"],
  ["GET", "/v1/tenants/:tenant_id", "getTenantsByTenantId"],
  ["POST", "/v1/test-clocks/{id}/advance", "postTestClocksAdvance"],
])("%s %s is %s", (method, url, id) => {
  expect(operationIdOf(method, url)).toBe(id);
});
