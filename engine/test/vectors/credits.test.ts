/** Grants, burn-down and two-phase transfers of other engines, through our own rules and, where money is held, through the API. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { byBurnOrder, effectiveWindow, isActiveAt } from "../../src/billing/credits/grant.ts";
import { formatInstant, type Instant, parseInstant } from "../../src/billing/time/instant.ts";
import { createWorld, type World } from "../world.ts";
import { walk } from "./burndown.ts";
import type { Case, Fields } from "./case.ts";
import { ABSENT, CREDIT_KINDS, loadVectors, nameOf } from "./vectors.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const at = (text: string): Instant => parseInstant(text)!;
const end = (text: string | null): Instant | null => (text === null ? null : at(text));

function burndown({ input, expected, derived }: Case & { derived?: Fields }): void {
  expect(input.aggregation).toBe("SUM");
  const result = walk(input);
  const text = (value: unknown): unknown =>
    typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, text(inner)]))
      : typeof value === "number"
        ? String(value)
        : value;
  for (const [name, value] of Object.entries({ ...derived, ...expected })) {
    if (name === "segmentCount") expect(result.segments).toHaveLength(value as number);
    else if (name === "segments") {
      (value as Fields[]).forEach((segment, index) => {
        const { from, to, ...rest } = segment;
        expect(result.segments[index]).toMatchObject(text(rest) as object);
        if (from !== undefined) expect([result.segments[index]!.from, result.segments[index]!.to]).toEqual([at(from), at(to)]);
      });
    } else expect([name, result[name as keyof typeof result]]).toEqual([name, text(value)]);
  }
}

/** What their answers are here. Where a step cannot be said in our API, it is passed over with its reason. */
const STATUS: Record<string, number | "passed over"> = {
  created: 200,
  exists: 200,
  exists_with_different_flags: 409,
  exists_with_different_amount: 409,
  exists_with_different_pending_id: 409,
  pending_transfer_not_found: 404,
  // A transfer that was never pending is no hold here.
  pending_transfer_not_pending: 404,
  exceeds_pending_transfer_amount: 409,
  pending_transfer_already_posted: 409,
  pending_transfer_already_voided: 409,
  pending_transfer_expired: 409,
  // A release has no amount: all of the hold goes back.
  pending_transfer_has_different_amount: "passed over",
  // A key is used up by what was decided under it, a lack of credits included; what was not found leaves it free.
  id_already_failed: "passed over",
};

let wallets = 0;
async function twoPhase({ input, expected }: Case): Promise<void> {
  expect(Object.values(input.accounts)).toEqual(Object.values(input.accounts).map(() => ({})));
  const id = `ledger${wallets++}`;
  let now = at("2026-01-01T00:00:00Z");
  const clock = await world.clock(formatInstant(now));
  await world.must("PUT", `/v1/tenants/${id}`, { test_clock: clock.id });
  const url = `/v1/tenants/${id}/credits`;
  await world.must("POST", `${url}/grants`, { amount: 1_000 });
  const holds = new Map<string, string>();
  const balances = async () => {
    const { held, available } = await world.must("GET", url);
    return [held, 1_000 - held - available];
  };
  for (const [index, step] of (input.steps as Fields[]).entries()) {
    const { [index]: wanted } = expected.statuses as (string | null)[];
    const shown = expected.balancesAtStep?.[String(index)];
    if (step.tick !== undefined) {
      now += step.tick * 1_000;
      await clock.to(formatInstant(now));
    } else if (wanted !== null && wanted !== undefined) {
      const status = STATUS[wanted];
      const overHeld = step.kind === "void" && wanted === "exceeds_pending_transfer_amount";
      if (status !== "passed over" && !overHeld) expect([index, wanted, await send(step)]).toEqual([index, wanted, status]);
    }
    if (shown) expect(await balances()).toEqual([shown.A1[0], shown.A1[1]]);
  }
  expect(await balances()).toEqual([expected.final.A1[0], expected.final.A1[1]]);

  async function send(step: Fields): Promise<number> {
    const key = { idempotency_key: step.id };
    const status = async (path: string, body: object) => {
      const answer = await world.post(`${url}/${path}`, body);
      if (path === "holds" && answer.status === 201) holds.set(step.id, answer.body.id);
      return answer.status === 201 ? 200 : answer.status;
    };
    const hold = holds.get(step.pending) ?? "hold_none";
    switch (step.kind) {
      case "pending":
        return status("holds", { ...key, amount: step.amount, ...(step.timeout ? { expires_in: step.timeout } : {}) });
      case "post":
        // To take nothing of a hold is to release it.
        if (step.amount === 0) return status(`holds/${hold}/release`, key);
        return status(`holds/${hold}/capture`, { ...key, ...(step.amount === "MAX" ? {} : { amount: step.amount }) });
      case "void":
        return status(`holds/${hold}/release`, key);
      default:
        return status("consume", { ...key, amount: step.amount });
    }
  }
}

const SUITES: Record<string, (vector: Case) => void | Promise<void>> = {
  grant_burndown: burndown,
  grant_reset_rollover: burndown,
  grant_order: ({ input, expected }) => {
    const grants = (input as unknown as Fields[]).map((grant) => ({
      id: grant.id as string,
      priority: grant.priority as number,
      createdAt: at(grant.createdAt),
      expiresAt: end(grant.expiresAt),
    }));
    expect(grants.sort(byBurnOrder).map((grant) => grant.id)).toEqual(expected);
  },
  grant_effective_window: ({ input, expected }) => {
    const { from, to } = effectiveWindow(at(input.effectiveAt), [end(input.expiresAt), end(input.deletedAt), end(input.voidedAt)]);
    expect([formatInstant(from), to === null ? null : formatInstant(to)]).toEqual([expected.from, expected.to]);
  },
  grant_active_at: ({ input, expected }) => {
    const { from, to } = effectiveWindow(at(input.effectiveAt), [end(input.expiresAt), end(input.deletedAt), end(input.voidedAt)]);
    expect(isActiveAt({ effectiveAt: from, expiresAt: to }, at(input.at))).toBe(expected.active);
  },
  ledger_two_phase: twoPhase,
};

test("every kind of credits has a suite", () => {
  expect(Object.keys(SUITES).sort()).toEqual([...CREDIT_KINDS].sort());
});

const vectors = loadVectors();
if (vectors === null) {
  test(ABSENT, () => console.warn(ABSENT));
} else {
  for (const [kind, run] of Object.entries(SUITES)) {
    const cases = vectors.filter((vector) => vector.kind === kind) as Case[];
    if (cases.length === 0) continue;
    describe(kind, () => {
      test.each(cases.map((vector, index) => ({ name: nameOf(vector, index), vector })))("$name", ({ vector }) => run(vector));
    });
  }
}
