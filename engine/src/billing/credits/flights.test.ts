/** Who travels with whom, with statements that end when the test says so. */
import { describe, expect, it } from "vitest";
import { ONE } from "../money/decimal.ts";
import type { Consumed } from "./consumption.ts";
import { type Boarded, Flights } from "./flights.ts";

const DONE: Consumed = { outcome: "inactive" };

function placed(tenantId: string, key: string | null = null): Boarded {
  const request = { tenantId, amount: ONE, byPlan: null, partial: false, eventName: null, quantity: null, key, fingerprint: key };
  return { id: `${tenantId} ${key}`, clock: null, request };
}

function tower(fails: (flight: readonly Boarded[]) => Error | null = () => null) {
  const sent: { ids: string[]; land: () => Promise<void> }[] = [];
  const flights = new Flights(
    (flight) =>
      new Promise((resolve, reject) => {
        const end = () => {
          const error = fails(flight);
          if (error) reject(error);
          else resolve(flight.map(() => DONE));
        };
        const land = async () => {
          end();
          await turn();
        };
        sent.push({ ids: flight.map(({ id }) => id), land });
      }),
  );
  const submit = (...all: Boarded[]) => Promise.allSettled(all.map((one) => flights.submit(one)));
  return { sent, submit };
}

/** The event loop goes round, so that whoever may join has joined. */
async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise<void>((resume) => setImmediate(resume));
}

const many = (count: number, tenant: (index: number) => string) => Array.from({ length: count }, (_, i) => placed(tenant(i), `k${i}`));

describe("flights", () => {
  it("take all that came in a turn; few wait for the one under way", async () => {
    const { sent, submit } = tower();
    void submit(placed("a", "1"), placed("b", "2"));
    await turn();
    const late = submit(placed("a", "3"));
    await turn();
    expect(sent.map(({ ids }) => ids)).toEqual([["a 1", "b 2"]]);
    await sent[0]!.land();
    expect(sent[1]!.ids).toEqual(["a 3"]);
    await sent[1]!.land();
    expect(await late).toEqual([{ status: "fulfilled", value: DONE }]);
  });

  it("are two of half the wallets each where there are many", async () => {
    const { sent, submit } = tower();
    void submit(...many(100, (i) => `t${i % 10}`));
    await turn();
    expect(sent.map(({ ids }) => ids.length)).toEqual([50, 50]);
    expect(new Set(sent[0]!.ids.map((id) => id.split(" ")[0]))).toEqual(new Set(["t0", "t1", "t2", "t3", "t4"]));
  });

  it("take all that waits for a wallet, and what comes meanwhile waits for it to land", async () => {
    const { sent, submit } = tower();
    void submit(...many(100, () => "hot"));
    await turn();
    void submit(
      ...many(60, () => "hot").map((one) => ({
        ...one,
        id: `${one.id} late`,
        request: { ...one.request, key: `${one.request.key} late` },
      })),
    );
    await turn();
    expect(sent.map(({ ids }) => ids.length)).toEqual([100]);
    await sent[0]!.land();
    expect(sent.map(({ ids }) => ids.length)).toEqual([100, 60]);
    expect(sent[1]!.ids[0]).toBe("hot k0 late");
  });

  it("leave a wallet that the other has locked", async () => {
    const { sent, submit } = tower();
    void submit(...many(100, (i) => `t${i % 50}`));
    await turn();
    expect(sent).toHaveLength(2);
    await sent[0]!.land();
    void submit(...many(60, (i) => (i < 10 ? "t49" : `u${i}`)));
    await turn();
    const third = sent[2]!.ids;
    expect(third.length).toBeGreaterThanOrEqual(20);
    const airborne = new Set(sent[1]!.ids.map((id) => id.split(" ")[0]));
    expect(airborne).toContain("t49");
    expect(third.filter((id) => airborne.has(id.split(" ")[0]!))).toEqual([]);
  });

  it("never hold a key of a tenant twice", async () => {
    const { sent, submit } = tower();
    void submit(placed("a", "same"), placed("a", "same"), placed("b", "same"));
    await turn();
    expect(sent.map(({ ids }) => ids)).toEqual([["a same", "b same"]]);
    await sent[0]!.land();
    expect(sent[1]!.ids).toEqual(["a same"]);
  });

  it("that the data breaks go one by one, so that one fails alone", async () => {
    const broken = Object.assign(new Error("too large"), { code: "22003" });
    const { sent, submit } = tower((flight) => (flight.some(({ id }) => id === "b 2") ? broken : null));
    const answers = submit(placed("a", "1"), placed("b", "2"), placed("c", "3"));
    for (let i = 0; i < 4; i++) {
      await turn();
      await sent[i]!.land();
    }
    expect((await answers).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});
