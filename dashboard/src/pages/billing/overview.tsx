/** The first page of a customer: where it stands, what happens next, and what there is to do. */
import { useQuery } from "@tanstack/react-query";
import { Coins, FileText } from "lucide-react";
import { StateBadge } from "../../parts/badge.tsx";
import { ButtonLink } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Spark } from "../../parts/spark.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { TextLink } from "../../parts/text-link.tsx";
import { useMayChange } from "../../session/session.ts";
import { moneyText } from "../../text/money.ts";
import { nameOfKey, quantityText, shortText } from "../../text/quantity.ts";
import { ask, type Billing, dueOf, UPCOMING, useBilling } from "./data.ts";
import { InvoiceTable } from "./invoice-table.tsx";
import { Features, Limits } from "./limits.tsx";
import { PayButton } from "./pay-button.tsx";
import { LiveState, Timeline } from "./timeline.tsx";
import { dayBefore, pointsOf, usageByDay } from "./usage-data.ts";
import { endOf, whatNext } from "./what-next.ts";

const TONES = { good: "text-ink-soft", info: "text-ink-soft", warn: "text-warn", bad: "text-bad" };

export function Overview() {
  const billing = useBilling();
  const { tenant, summary, time, now } = billing;
  const invoices = useQuery(ask.invoices(tenant, 5));
  const events = useQuery(ask.events(tenant, 8));
  return (
    // On a phone one column, the next invoice right after where one stands; on a wide screen two, each as long as it is.
    <div className="grid items-start gap-5 lg:grid-cols-3">
      <div className="contents lg:col-span-2 lg:grid lg:gap-5">
        <Standing billing={billing} />
        <Card
          title="Usage"
          about={`This period: ${time.period(summary.usage.period_start, summary.usage.period_end)}`}
          className="max-lg:order-2"
          actions={
            <TextLink to="/t/$tenant/usage" params={{ tenant }}>
              By day and meter
            </TextLink>
          }
        >
          <Limits features={summary.entitlements.features} time={time} />
          <LastDays billing={billing} />
        </Card>
        <Card
          flush
          title="Invoices"
          className="max-lg:order-4"
          actions={
            <TextLink to="/t/$tenant/invoices" params={{ tenant }}>
              All invoices
            </TextLink>
          }
        >
          <Loaded query={invoices} lines={4}>
            {(items) =>
              items.length === 0 ? (
                <Empty icon={<FileText aria-hidden className="size-5" />} title="No invoices yet">
                  The first appears here when there is something to bill.
                </Empty>
              ) : (
                <InvoiceTable tenant={tenant} invoices={items} time={time} brief />
              )
            }
          </Loaded>
        </Card>
      </div>
      <div className="contents lg:grid lg:gap-5">
        <NextInvoice billing={billing} />
        <CreditsCard billing={billing} />
        <Card title="Activity" className="max-lg:order-5" actions={<LiveState />}>
          <Loaded query={events} lines={5}>
            {(items) =>
              items.length === 0 ? (
                <p className="text-small text-ink-soft">Nothing has happened yet.</p>
              ) : (
                <Timeline most={6} events={items} now={now} time={time} />
              )
            }
          </Loaded>
        </Card>
      </div>
    </div>
  );
}

function Standing({ billing }: { billing: Billing }) {
  const { tenant, summary, planName, now, time } = billing;
  const mayChange = useMayChange();
  const methods = useQuery(ask.methods(tenant)).data;
  const { subscription } = summary;
  const due = dueOf(summary);
  const { tone, text } = whatNext({
    subscription,
    next: summary.next_invoice,
    now,
    time,
    planName,
    hasPaymentMethod: methods === undefined ? null : methods.length > 0,
    due: due && { amount: due.amount_due, currency: due.currency },
  });
  const live = subscription.id !== null && !["canceled", "expired"].includes(subscription.status);
  return (
    <Card>
      <div className="flex flex-wrap items-center gap-3">
        <h1 className="text-figure font-semibold tracking-tight">{planName(subscription.plan)}</h1>
        <StateBadge state={subscription.status} />
        {live && (subscription.seats ?? 1) > 1 && <span className="text-small text-ink-soft">{subscription.seats} seats</span>}
      </div>
      <p className={`mt-2 max-w-2xl ${TONES[tone]}`}>{text}</p>
      {mayChange && (
        <div className="mt-5 flex flex-wrap gap-2.5">
          {subscription.status === "past_due" && due && <PayButton tenant={tenant} invoice={due} look="primary" />}
          <ButtonLink to="/t/$tenant/plan" params={{ tenant }} look={subscription.status === "past_due" ? "plain" : "primary"}>
            {live ? "Change plan or seats" : "Choose a plan"}
          </ButtonLink>
          {live && endOf(subscription) !== null && (
            <ButtonLink to="/t/$tenant/plan" params={{ tenant }}>
              Let it go on
            </ButtonLink>
          )}
          {methods?.length === 0 && (
            <ButtonLink to="/t/$tenant/payment" params={{ tenant }}>
              Add a payment method
            </ButtonLink>
          )}
        </div>
      )}
      <hr className="mt-6 mb-4 border-line" />
      <Features features={summary.entitlements.features} />
    </Card>
  );
}

/** The last 30 days of the first meter that has any. */
function LastDays({ billing: { tenant, summary, now, time } }: { billing: Billing }) {
  const meter = summary.usage.meters.find(({ value }) => Number(value) !== 0) ?? summary.usage.meters[0];
  const span = { from: dayBefore(now, 29, time), to: now };
  const days = useQuery({ ...usageByDay(tenant, { meter: meter?.meter ?? "", ...span }), enabled: meter !== undefined }).data;
  if (!meter || !days || days.every(({ value }) => Number(value) === 0)) return null;
  const points = pointsOf(days, span, time);
  const values = points.map((point) => Number(point.values.value ?? 0));
  const name = nameOfKey(meter.meter);
  return (
    <figure className="mt-5">
      <Spark
        label={`${name} of the last 30 days; the most on one day were ${shortText(Math.max(...values))}`}
        values={values}
        className="h-20 w-full"
      />
      <figcaption className="mt-1.5 flex justify-between text-tiny text-ink-soft">
        <span>{points[0]?.words}</span>
        <span>{name}, 30 days</span>
        <span>{points.at(-1)?.words}</span>
      </figcaption>
    </figure>
  );
}

function NextInvoice({ billing: { tenant, summary, time } }: { billing: Billing }) {
  const next = summary.next_invoice;
  if (next === null)
    return (
      <Card className="max-lg:order-1" title="Next invoice">
        <p className="text-small text-ink-soft">None is coming.</p>
      </Card>
    );
  return (
    <Card className="max-lg:order-1" title="Next invoice" about={`On ${time.date(next.period_end)}, as things stand today`}>
      <p className="figures text-figure font-semibold tracking-tight">{moneyText(next.total, next.currency)}</p>
      <p className="mt-1 text-small text-ink-soft">
        {next.lines.length} line{next.lines.length === 1 ? "" : "s"}, what was used so far and what is paid in advance
      </p>
      <ButtonLink to="/t/$tenant/invoices/$invoice" params={{ tenant, invoice: UPCOMING }} size="small" className="mt-4">
        How it adds up
      </ButtonLink>
    </Card>
  );
}

function CreditsCard({ billing: { tenant, summary } }: { billing: Billing }) {
  const { credits } = summary;
  const mayChange = useMayChange();
  return (
    <Card className="max-lg:order-3" title="Credits" about="What is paid for and not spent">
      <p className="flex items-center gap-2.5">
        <Coins aria-hidden className="size-5 text-accent" />
        <span className="figures text-figure font-semibold tracking-tight">{quantityText(credits.available)}</span>
      </p>
      {Number(credits.held) > 0 && <p className="mt-1 text-small text-ink-soft">and {quantityText(credits.held)} reserved</p>}
      <ButtonLink to="/t/$tenant/credits" params={{ tenant }} size="small" className="mt-4">
        {mayChange ? "History, or buy more" : "History"}
      </ButtonLink>
    </Card>
  );
}
