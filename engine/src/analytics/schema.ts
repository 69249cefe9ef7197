/** What the routes of analytics take and answer. */
import { type TSchema, Type } from "typebox";
import { Closed, Currency, Instant, Key, Named, Nullable, OneOf, Quantity, SignedMinor, TenantId } from "../http/schema.ts";

export const Window = {
  from: Type.Optional(Instant("The period that holds it is the first; a year ago (by the month) or ninety days (by the day) if not said.")),
  to: Type.Optional(Instant("What happens at it is not looked at; now if not said.")),
  granularity: Type.Optional(OneOf(["day", "month"], "Of UTC; month if not said.")),
  test_clock: Type.Optional(Type.String({ maxLength: 64, description: "Only tenants that are on this test clock." })),
};
const currency = { currency: Type.Optional(Currency()) };
const plan = { plan: Type.Optional(Key("Only subscriptions to this plan: moving to it is new, moving away from it is churn.")) };

export const RevenueQuery = Closed({ ...Window, ...currency, ...plan });
export const PaymentsQuery = Closed({ ...Window, ...currency });
export const CreditsQuery = Closed(Window);
export const UsageQuery = Closed({ ...Window, meter: Type.Optional(Key("The key of a meter; all that are not archived if not said.")) });

const span = { from: Instant(), to: Instant(), granularity: OneOf(["day", "month"]) };
const period = { period_start: Instant(), period_end: Instant() };
const rate = (description: string) => Nullable(Quantity(`${description} A share: 0.05 is five per cent. null: of nothing.`));
const count = () => Type.Integer();

const Forecast = Nullable(
  Named(
    "Forecast",
    Type.Object({
      method: OneOf(["last_value", "drift", "seasonal_naive", "exponential_smoothing"]),
      error: Quantity("The mean absolute percentage error of the method one period ahead, over the last periods: 0.05 is five per cent."),
      tested_periods: count(),
      periods: Type.Array(Type.Object({ ...period, value: Quantity() })),
    }),
  ),
);

const movement = {
  mrr_at_start: SignedMinor(),
  new: SignedMinor("Of who has never paid before."),
  expansion: SignedMinor(),
  contraction: SignedMinor("Told as a positive number."),
  churn: SignedMinor("Down to nothing, by an end, a pause or a plan that is free. Told as a positive number."),
  reactivation: SignedMinor("Up from nothing, of who has paid before."),
  customers_at_start: count(),
  new_customers: count(),
  churned_customers: count(),
  reactivated_customers: count(),
  customer_churn_rate: rate("Customers lost, of those at the start."),
  revenue_churn_rate: rate("Churn and contraction, of what there was at the start."),
  net_revenue_retention: rate("What is left of the revenue at the start, expansion included."),
};
const money = {
  invoices: count(),
  invoiced: SignedMinor("Totals of invoices issued, void ones left out."),
  invoiced_net: SignedMinor("The same without taxes."),
  tax: SignedMinor(),
  credit_notes: count(),
  credited: SignedMinor(),
  collected: SignedMinor(),
  refunded: SignedMinor(),
};
const standing = { mrr: SignedMinor("At the end."), customers: count(), arpa: Nullable(SignedMinor("MRR a customer.")) };

export const RevenueAnswer: TSchema = Named(
  "RevenueAnalytics",
  Type.Object({
    ...span,
    currencies: Type.Array(
      Type.Object({
        currency: Currency(),
        ...standing,
        arr: SignedMinor("Twelve times MRR."),
        ...movement,
        ...money,
        periods: Type.Array(Type.Object({ ...period, ...standing, ...movement, ...money })),
        forecast: Type.Object({ mrr: Forecast, collected: Forecast }),
      }),
    ),
    trials: Type.Object({
      ended: count(),
      converted: count(),
      lost: count(),
      conversion_rate: rate("Trials that became paid, of those that ended."),
      periods: Type.Array(
        Type.Object({ ...period, ended: count(), converted: count(), lost: count(), conversion_rate: rate("As above.") }),
      ),
    }),
  }),
);

export const SubscriptionsAnswer: TSchema = Named(
  "SubscriptionAnalytics",
  Type.Object({
    ...span,
    by_status: Type.Array(Type.Object({ status: Type.String(), subscriptions: count() })),
    by_plan: Type.Array(
      Type.Object({
        plan: Type.String(),
        currency: Currency(),
        status: Type.String(),
        subscriptions: count(),
        seats: Type.Integer(),
        mrr: SignedMinor(),
      }),
    ),
    periods: Type.Array(Type.Object({ ...period, started: count(), ended: count(), plan_changes: count(), live: count() })),
  }),
);

const credits = {
  granted: Quantity(),
  consumed: Quantity(),
  expired: Quantity(),
  taken_back: Quantity(),
  outstanding: Quantity("At the end."),
};

export const CreditsAnswer: TSchema = Named(
  "CreditAnalytics",
  Type.Object({
    ...span,
    ...credits,
    burn_per_day: Quantity(),
    days_left: Nullable(Quantity("How long what is outstanding lasts at that pace.")),
    by_source: Type.Array(Type.Object({ source: Type.String(), granted: Quantity(), remaining: Quantity("Now.") })),
    top_tenants: Type.Array(Type.Object({ tenant_id: TenantId(), consumed: Quantity() })),
    periods: Type.Array(Type.Object({ ...period, ...credits })),
    forecast: Forecast,
  }),
);

const attempts = {
  succeeded: count(),
  failed: count(),
  amount_succeeded: SignedMinor(),
  amount_failed: SignedMinor(),
  success_rate: rate("Attempts that succeeded, of those that were settled."),
  invoices_failed: count(),
  invoices_recovered: count(),
  amount_at_risk: SignedMinor(),
  amount_recovered: SignedMinor(),
  recovery_rate: rate("Invoices that are paid by now, of those whose payment failed first in that time."),
};

export const PaymentsAnswer: TSchema = Named(
  "PaymentAnalytics",
  Type.Object({
    ...span,
    currencies: Type.Array(
      Type.Object({
        currency: Currency(),
        ...attempts,
        failures: Type.Array(Type.Object({ gateway: Type.String(), code: Nullable(Type.String()), count: count(), amount: SignedMinor() })),
        aging: Type.Array(
          Type.Object({
            age: OneOf(["not_due", "1_30", "31_60", "61_90", "over_90"], "Days overdue now."),
            invoices: count(),
            amount: SignedMinor(),
          }),
        ),
        periods: Type.Array(Type.Object({ ...period, ...attempts })),
      }),
    ),
  }),
);

const value = Nullable(Quantity("What the meter makes of it; null where that does not add up over tenants or time."));

export const UsageAnswer: TSchema = Named(
  "UsageAnalytics",
  Type.Object({
    ...span,
    meters: Type.Array(
      Type.Object({
        meter: Type.String(),
        name: Nullable(Type.String()),
        unit: Nullable(Type.String()),
        aggregation: Type.String(),
        events: Quantity(),
        value,
        trend: rate("The later half of the periods that are over, against the half before."),
        top_tenants: Type.Array(
          Type.Object({ tenant_id: TenantId(), name: Nullable(Type.String()), events: Quantity(), value: Nullable(Quantity()) }),
        ),
        periods: Type.Array(Type.Object({ ...period, events: Quantity(), value, tenants: count() })),
        forecast: Forecast,
      }),
    ),
  }),
);

export function adviceAnswer(line: TSchema): TSchema {
  return Named(
    "PlanAdvice",
    Type.Object({
      tenant_id: TenantId(),
      plan: Type.String(),
      currency: Currency(),
      seats: Type.Integer(),
      period_start: Nullable(Instant("Of the last full period; null: there is none yet.")),
      period_end: Nullable(Instant()),
      current_amount: Nullable(SignedMinor("What the period comes to on the plan of now, before discounts and taxes.")),
      plans: Type.Array(
        Type.Object({
          plan: Type.String(),
          name: Type.String(),
          current: Type.Boolean(),
          amount: SignedMinor(),
          saves: SignedMinor("Against the plan of now."),
          lacks: Type.Array(Type.String({ description: "A feature that the plan of now gives." })),
          exceeds: Type.Array(Type.String({ description: "A feature whose hard limit the period was above." })),
          lines: Type.Array(line),
        }),
      ),
      advice: Nullable(Type.Object({ plan: Type.String(), saves: SignedMinor() })),
    }),
  );
}
