/**
 * The rules of docs/architecture.md, checked. A failure names file, line and rule. Each law is also run on small houses
 * that break it, so that none can become blind.
 */
import { describe, expect, test } from "vitest";
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
