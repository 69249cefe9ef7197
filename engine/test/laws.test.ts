/**
 * The rules of docs/architecture.md, checked. A failure names file, line and rule. Each law is also run on small houses
 * that break it, so that none can become blind.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { FastifyInstance, RouteOptions } from "fastify";
import { describe, expect, test } from "vitest";
import { PERMISSIONS } from "../src/auth/principal.ts";
import { documentText } from "../src/cli/openapi.ts";
import { EVENT_TYPES } from "../src/events/types.ts";
import { JOB_NAMES } from "../src/jobs/names.ts";
import { CRONTAB, TASKS } from "../src/jobs/tasks.ts";
import { REACTIONS } from "../src/reactions.ts";
import { EXACTNESS_LAWS } from "./laws/exactness.ts";
import { readHouse } from "./laws/house.ts";
import { KIND_LAWS } from "./laws/kinds.ts";
import { describeBreaches, sampleHouse } from "./laws/law.ts";
import { REGISTRY_LAWS } from "./laws/registered.ts";
import { ROOM_LAWS } from "./laws/rooms.ts";
import { largeFiles, SIZE_LAWS } from "./laws/sizes.ts";
import { SQL_LAWS, tenantTables } from "./laws/sql.ts";

const house = readHouse();

test("the house was read", () => {
  expect(house.sources.length).toBeGreaterThan(100);
  expect(tenantTables(house)).toContain("invoices");
  const large = largeFiles(house);
  if (large.length > 0) console.info(`Over 250 lines, to be asked about:\n${large.join("\n")}`);
});

describe.each([...ROOM_LAWS, ...KIND_LAWS, ...EXACTNESS_LAWS, ...SQL_LAWS, ...SIZE_LAWS, ...REGISTRY_LAWS])("$says", (law) => {
  test("is kept", () => {
    expect(describeBreaches(law, house)).toEqual([]);
  });

  test.each(law.broken)("is seen to be broken at %s", (where, files) => {
    expect(describeBreaches(law, sampleHouse(files))).toContainEqual(expect.stringContaining(`${where} `));
  });

  test.each(law.kept ?? [])("takes no offence at sample %#", (files) => {
    expect(describeBreaches(law, sampleHouse(files))).toEqual([]);
  });
});

describe("as it runs", () => {
  test("every job has its task, and the crontab names no other", () => {
    expect(Object.keys(TASKS).sort()).toEqual([...JOB_NAMES].sort());
    const timed = [...CRONTAB.matchAll(/^(?:\S+\s+){5}(\S+)/gm)].map((match) => match[1]);
    expect(timed.length).toBeGreaterThan(0);
    expect(JOB_NAMES).toEqual(expect.arrayContaining(timed));
  });

  test("reactions wait for events that there are", () => {
    expect(EVENT_TYPES).toEqual(expect.arrayContaining(Object.keys(REACTIONS)));
  });

  test("every route declares who may call it", async () => {
    const routes: RouteOptions[] = [];
    const listen = (message: unknown) => {
      (message as { fastify: FastifyInstance }).fastify.addHook("onRoute", (route) => void routes.push(route));
    };
    // Fastify announces each server that is made; the document is written from one with every route.
    subscribe("fastify.initialization", listen);
    await documentText();
    unsubscribe("fastify.initialization", listen);
    expect(routes.length).toBeGreaterThan(30);
    const known: unknown[] = [...PERMISSIONS];
    // A browser's question whether it may ask has no credentials, and is answered before anything is looked at.
    const asked = routes.filter(({ method }) => method !== "OPTIONS");
    const open = asked.filter(({ config }) => !known.includes(config?.permission)).map(({ method, url }) => `${String(method)} ${url}`);
    expect(open).toEqual([]);
    const paths = routes.filter(({ config, url }) => config?.permission === "public" && url.startsWith("/v1/")).map(({ url }) => url);
    // Public routes of the API are named here, so that none becomes so by a slip.
    expect(paths.sort()).toEqual(["/v1/sessions", "/v1/webhooks/:gateway"]);
  });
});
