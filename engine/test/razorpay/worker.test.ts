/** The whole way with nobody helping: a job of its own dispatches; and a worker that is killed in the middle of its write. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createSetting, eventOf, type Setting } from "./setting.ts";

const CHILD = fileURLToPath(new URL("./dispatch-child.ts", import.meta.url));

async function paidOrder(setting: Setting) {
  const invoice = await setting.invoice("acme");
  const order = await setting.order(invoice.id);
  const status = async () => (await setting.world.must("GET", `/v1/invoices/${invoice.id}`)).status;
  return { invoice, status, event: eventOf("payment.captured", { payment: setting.razorpay.pay(order.order_id) }) };
}

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("waited in vain");
}

test("a webhook is worked on by the jobs, after the answer", { timeout: 60_000 }, async () => {
  const setting = await createSetting({}, { worker: true });
  try {
    const { status, event } = await paidOrder(setting);
    await setting.deliver(event, "by-itself");
    await until(async () => (await status()) === "paid");
    expect(await setting.inbound("by-itself")).toMatchObject({ state: "done", attempts: 1, tenant_id: "acme" });
  } finally {
    await setting.close();
  }
});

test("lesson 3: a worker killed between its claim and its commit: nothing of it is done, then all of it, once", {
  timeout: 120_000,
}, async () => {
  const setting = await createSetting();
  const lock = await setting.world.billing.ctx.pool.connect();
  try {
    const { invoice, status, event } = await paidOrder(setting);
    await setting.deliver(event, "killed");
    await lock.query("begin");
    await lock.query("select 1 from invoices where id = $1 for update", [invoice.id]);
    const child = spawn(process.execPath, [CHILD, setting.world.billing.databaseUrl], { stdio: ["ignore", "ignore", "inherit"] });
    const waiting =
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database() and query like '%from invoices%'";
    await until(async () => (await setting.world.owner.query(waiting)).rows.length > 0);
    child.kill("SIGKILL");
    await once(child, "exit");
    await lock.query("rollback");
    // The server notices that nobody is there any more when it has the lock and wants to answer.
    await until(async () => (await setting.world.owner.query(waiting)).rows.length === 0);
    expect([(await setting.inbound("killed")).state, await status(), await setting.payments("acme")]).toEqual(["working", "open", []]);
    expect(await setting.dispatch()).toBe(0);
    await setting.hurry();
    expect([await setting.dispatch(), await status(), (await setting.payments("acme")).length]).toEqual([1, "paid", 1]);
    expect(await setting.inbound("killed")).toMatchObject({ state: "done", attempts: 2 });
    expect(await setting.wrong()).toEqual([]);
  } finally {
    lock.release();
    await setting.close();
  }
});

test("a worker that was too slow, whose row another claim has, writes nothing", { timeout: 60_000 }, async () => {
  const setting = await createSetting();
  const lock = await setting.world.billing.ctx.pool.connect();
  try {
    const { invoice, status, event } = await paidOrder(setting);
    await setting.deliver(event, "slow");
    await lock.query("begin");
    await lock.query("select 1 from invoices where id = $1 for update", [invoice.id]);
    const slow = setting.dispatch();
    const waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    await until(async () => (await setting.world.owner.query(waiting)).rows.length > 0);
    // What the other claim writes.
    await setting.world.owner.query("update inbound_events set attempts = 2 where event_id = 'slow'");
    await lock.query("rollback");
    await slow;
    expect([await status(), await setting.payments("acme"), await setting.inbound("slow")]).toMatchObject([
      "open",
      [],
      { state: "working", attempts: 2, last_error: null },
    ]);
    await setting.hurry();
    await setting.dispatch();
    expect([await status(), (await setting.inbound("slow")).state]).toEqual(["paid", "done"]);
  } finally {
    lock.release();
    await setting.close();
  }
});
