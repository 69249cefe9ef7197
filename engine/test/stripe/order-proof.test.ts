/**
 * What happens at Stripe, told in every order: the events of each scenario, each delivered one to three times, all of them only after
 * everything has happened, while the worker dies at a step of its work. It always ends in the same books and the same timeline as told at
 * once and in order. Up to five events every order, beyond that a sample; the seed is printed, it places the sample and the repeats.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Random, seeded } from "../../src/simulation/random.ts";
import { claimInbound } from "../../src/webhooks/inbound/store.ts";
import { type BillingSetting, createBilling } from "./billing-setting.ts";
import type { Thing } from "./resources/invoices.ts";
import { issue, turn } from "./resources/subscriptions.ts";
import type { Json } from "./server.ts";

const SEED = process.env.PROPERTY_SEED ?? "stripe-order-1";
/** Where the worker dies; `step-n`: as it takes the n-th step over. Some steps never come to some of them. */
const STEPS = ["claimed", "step-0", "step-1", "step-2", "invoice", "payment", "subscription", "history", "done"] as const;
type Step = (typeof STEPS)[number];

interface Scenario {
  name: string;
  /** Of the sample, where there are more than five events. */
  sample?: number;
  /** What was known before. */
  before(tenant: string): Promise<void>;
  /** What happens, one after the other, and which events tell it. */
  happens: ((tenant: string) => void | Promise<void>)[];
  types: RegExp;
}

let b: BillingSetting;
const drafts = new Map<string, Thing>();
const died: Record<string, number> = {};
const CORE = /^customer\.subscription\.|^invoice\.(created|finalized|paid|payment_failed)$/;
const call = (path: string, form: Record<string, string>) =>
  fetch(`${b.stripe.url}/v1/${path}`, {
    method: "POST",
    headers: {
      authorization: "Bearer sk_test_loopback",
      "stripe-version": "2026-10-28.endive",
      "idempotency-key": JSON.stringify([path, form]),
    },
    body: new URLSearchParams(form),
  }).then((answer) => expect(answer.status).toBe(200));
const customerOf = (tenant: string) =>
  String(b.stripe.all("customer").find((one) => (one.metadata as Json).billwright_tenant === tenant)!.id);
const checkout = (tenant: string, price = "price_starter") =>
  call("subscriptions", { customer: customerOf(tenant), "items[0][price]": price, "metadata[billwright_tenant]": tenant });
const subscribed = async (tenant: string) => {
  await b.tenant(tenant);
  await checkout(tenant);
  await b.world.billing.ctx.processors.outside("stripe")!.mirror(b.world.billing.ctx, { subscription: b.there(tenant).id, invoice: null });
};
const draw = (tenant: string) => void drafts.set(tenant, turn(b.stripe, b.there(tenant))!);
const collect = (tenant: string) => void issue(b.stripe, b.there(tenant), drafts.get(tenant)!);

const SCENARIOS: Scenario[] = [
  { name: "checkout to active", before: (tenant) => b.tenant(tenant), happens: [(tenant) => checkout(tenant)], types: CORE },
  { name: "renewal", before: subscribed, happens: [draw, collect], types: CORE },
  {
    name: "failure and recovery",
    sample: 24,
    before: subscribed,
    happens: [
      draw,
      (tenant) => {
        b.card(tenant, "pm_card_chargeDeclined");
        collect(tenant);
      },
      (tenant) => {
        b.card(tenant, "pm_card_visa");
        collect(tenant);
      },
    ],
    types: CORE,
  },
  {
    name: "plan change",
    before: subscribed,
    happens: [
      (tenant) => {
        b.stripe.now += 86_400;
        const [item] = (b.there(tenant).items as { data: Json[] }).data;
        return call(`subscriptions/${b.there(tenant).id}`, {
          "items[0][id]": String(item!.id),
          "items[0][price]": "price_pro_base",
          proration_behavior: "always_invoice",
        });
      },
    ],
    types: CORE,
  },
  {
    name: "cancel",
    before: subscribed,
    happens: [(tenant) => call(`subscriptions/${b.there(tenant).id}`, { cancel_at_period_end: "true" }), draw],
    types: CORE,
  },
  {
    name: "refund",
    before: async (tenant) => {
      await b.tenant(tenant);
      await checkout(tenant);
    },
    happens: [
      (tenant) => {
        b.stripe.now += 3_600;
        const charge = b.stripe.all("charge").find((one) => one.customer === customerOf(tenant))!;
        return call("refunds", { payment_intent: String(charge.payment_intent), amount: "400" });
      },
    ],
    types: /^(charge\.refunded|refund\.created|invoice\.paid)$/,
  },
];

beforeAll(async () => {
  b = await createBilling();
  await b.world.owner.query(`
    create table crash_plan (step text);
    grant select on crash_plan to billwright_app;
    create function crash() returns trigger language plpgsql as $$
    begin
      if exists (select from crash_plan where step = tg_argv[0] or step = tg_argv[0] || '-' || coalesce(to_jsonb(new) ->> 'version', '0')::bigint % 3) then
        raise exception 'dies at %', tg_argv[0];
      end if;
      return new;
    end $$;
    create trigger crash_1 before update on processor_subscriptions for each row when (new.version > old.version) execute function crash('step');
    create trigger crash_2 before insert on invoices for each row execute function crash('invoice');
    create trigger crash_3 before insert on payments for each row execute function crash('payment');
    create trigger crash_4 before update on subscriptions for each row execute function crash('subscription');
    create trigger crash_5 before insert on billing_events for each row execute function crash('history');
    create trigger crash_6 before update on inbound_events for each row when (new.state = 'done') execute function crash('done');
    -- A dead worker writes nothing down.
    create function silence() returns trigger language plpgsql as $$
    begin
      if exists (select from crash_plan) then raise exception 'dead'; end if;
      return new;
    end $$;
    create trigger silence before update on inbound_events for each row when (new.state in ('failed', 'dead', 'ignored')) execute function silence();`);
});
afterAll(async () => {
  expect(b.stripe.objections).toEqual([]);
  expect(await b.wrong()).toEqual([]);
  await b.close();
});

async function happenTo(tenant: string, scenario: Scenario, live: boolean): Promise<Json[]> {
  await scenario.before(tenant);
  let from = scenario.name === "refund" ? 0 : b.stripe.events.length;
  const mine = (event: Json) => {
    const { object } = event.data as { object: Json };
    return (
      scenario.types.test(String(event.type)) &&
      (object.customer === customerOf(tenant) || (object.object === "refund" && chargeIsOf(object, tenant)))
    );
  };
  const told: Json[] = [];
  for (const happens of scenario.happens) {
    await happens(tenant);
    const fresh = b.stripe.events.slice(from).filter(mine);
    from = b.stripe.events.length;
    told.push(...fresh);
    if (!live) continue;
    for (const event of fresh) {
      await b.deliver(event);
      await b.dispatch();
    }
  }
  return told;
}

const chargeIsOf = (refund: Json, tenant: string) => b.stripe.objects.get(String(refund.charge))?.customer === customerOf(tenant);

/** All of the books, without what names this tenant and this moment. */
async function outcome(tenant: string): Promise<unknown> {
  const { must, owner } = b.world;
  const of = async (text: string) => (await owner.query(text, [tenant])).rows;
  const state = {
    subscription: await b.subscription(tenant),
    invoices: await b.invoices(tenant),
    payments: (await must("GET", `/v1/tenants/${tenant}/payments`)).items,
    events: (await must("GET", `/v1/tenants/${tenant}/events?limit=100`)).items,
    credits: (await must("GET", `/v1/tenants/${tenant}/credits`)).available,
    refunds: await of("select status, amount::text from refunds where tenant_id = $1"),
  };
  const text = JSON.stringify(state, (_, value) => (typeof value === "bigint" ? value.toString() : value))
    .replaceAll(tenant, "TENANT")
    .replace(/\b([a-z]{2,8})_[0-7][0-9a-hjkmnp-tv-z]{25}/g, "$1_ID")
    .replace(/\b([a-z]{2,8})_L+\d+/g, "$1_THEIRS")
    .replace(/LOOP-\d+/g, "NUMBER")
    .replace(/CN-\d+-\d+/g, "NOTE")
    .replace(/"failed_at":\d+/g, '"failed_at":0')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "THEN");
  return JSON.parse(text);
}

async function dieAt(step: Step): Promise<void> {
  const { ctx } = b.world.billing;
  if (step === "claimed") {
    const now = ctx.clock.now();
    died[step] = (died[step] ?? 0) + (await claimInbound(ctx.pool, "new", { now, until: now + 120_000 }, 1)).length;
    return;
  }
  await b.world.owner.query("insert into crash_plan values ($1)", [step]);
  const dead = await b.dispatch().then(
    () => false,
    () => true,
  );
  await b.world.owner.query("delete from crash_plan");
  if (dead) died[step] = (died[step] ?? 0) + 1;
}

/** The first of each in this order, repeats somewhere after. */
function deliveries(order: readonly Json[], counts: readonly number[], random: Random): Json[] {
  const list = [...order];
  order.forEach((event, index) => {
    for (let more = 1; more < counts[index]!; more++) list.splice(random.whole(list.indexOf(event) + 1, list.length), 0, event);
  });
  return list;
}

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]];
  return list.flatMap((first, index) => permutations(list.toSpliced(index, 1)).map((rest) => [first, ...rest]));
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const left = [...list];
  return list.map(() => left.splice(random.whole(0, left.length - 1), 1)[0]!);
}

describe(`seed ${SEED}`, () => {
  test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))("%s", { timeout: 300_000 }, async (name, scenario) => {
    const random = seeded(`${SEED} ${name}`);
    const slug = name.replaceAll(" ", "-");
    const told = await happenTo(`${slug}-live`, scenario, true);
    const expected = await outcome(`${slug}-live`);
    const places = told.map((_, index) => index);
    const orders = told.length <= 5 ? permutations(places) : Array.from({ length: scenario.sample! }, () => shuffled(places, random));
    console.info(`seed ${SEED}: ${name}, ${told.length} events, ${orders.length} orders`);
    for (const [way, order] of orders.entries()) {
      const tenant = `${slug}-${way}-x`;
      const events = await happenTo(tenant, scenario, false);
      expect(events.map((event) => event.type)).toEqual(told.map((event) => event.type));
      // Mostly at the first, which has the most to do.
      const crash = {
        at: events[order[way % 3 === 2 ? way % order.length : 0]!]!,
        step: STEPS[(way + Math.floor(way / 9)) % STEPS.length]!,
      };
      const counts = order.map(() => random.whole(1, 3));
      const list = deliveries(
        order.map((place) => events[place]!),
        counts,
        random,
      );
      const seen = new Set<Json>();
      for (const event of list) {
        await b.deliver(event);
        if (event === crash.at && !seen.has(event)) await dieAt(crash.step);
        else if (!seen.has(event)) await b.dispatch();
        seen.add(event);
      }
      await b.hurry();
      await b.dispatch();
      const { rows } = await b.world.owner.query("select distinct state from inbound_events where state not in ('done', 'ignored')");
      expect(rows).toEqual([]);
      const words = `${list.map((event) => event.type).join(", ")}; dies at ${crash.step} of ${String(crash.at.type)}`;
      expect(await outcome(tenant), words).toEqual(expected);
    }
  });

  test("it did die at every step", () => {
    expect(Object.keys(died).sort()).toEqual([...STEPS].sort());
  });
});
