/** The port of who runs a subscription's cycle: the engine itself, or a processor of others that is asked, and mirrored. */
import type { Tx } from "../../commit.ts";
import type { Context } from "../../context.ts";
import type { Offers } from "../catalog/offer.ts";
import type { Plan } from "../catalog/plan.ts";
import type { DraftInvoice } from "../invoices/invoice.ts";
import type { SubscriptionOffer } from "../payments/checkout.ts";
import type { Confirmation } from "../payments/gateway.ts";
import type { TenantRef } from "../tenants/cache.ts";
import type { Instant } from "../time/instant.ts";
import type { PlanChanged } from "./change-plan.ts";
import type { StartInput } from "./start.ts";
import type { SubscriptionRow } from "./store.ts";
import type { Proration, When } from "./terms.ts";
import type { UpcomingInput } from "./upcoming.ts";

export type ProcessorName = SubscriptionRow["processor"];

/** What somebody asks of a subscription, whoever runs it. */
export type Command =
  | ({ kind: "start" } & Omit<StartInput, "tenant">)
  | {
      kind: "update";
      seats?: number | undefined;
      proration?: Proration | undefined;
      autoRenew?: boolean | undefined;
      billingEmail?: string | null | undefined;
    }
  | {
      kind: "plan";
      plan: string;
      seats?: number | undefined;
      when?: When | undefined;
      proration?: Proration | undefined;
      dryRun?: boolean | undefined;
    }
  | { kind: "cancel"; when?: "now" | "period_end" | undefined; reason?: string | undefined; refundUnused?: boolean | undefined }
  | { kind: "revoke" }
  | { kind: "pause"; resumesAt: Instant | null }
  | { kind: "resume" };

/** `pending`: it is written down, and `finish` asks for it outside. */
export type Asked = { done: SubscriptionRow } | { changed: PlanChanged } | { pending: string };

export interface Processor {
  readonly name: ProcessorName;
  /** Within the write: does it, or writes down what is to be asked for. Refuses what the state does not allow. */
  ask(tx: Tx, tenant: TenantRef, command: Command): Promise<Asked>;
  /** After the write: asks for what is pending, and answers the subscription as it then is. Throws where it was refused, or nobody answered. */
  finish(ctx: Context, asked: { pending: string; tenantId: string }): Promise<SubscriptionRow>;
  /** What a change of plan would make; nothing is stored. null: `ask` answers it. */
  preview(ctx: Context, tenant: TenantRef, command: Extract<Command, { kind: "plan" }>): Promise<PlanChanged | null>;
  upcoming(ctx: Context, input: UpcomingInput): Promise<DraftInvoice>;
}

/** What a processor said has happened: which of its subscriptions it concerns. */
export interface Report {
  /** By its own name there, or by one of its invoices. */
  subscription: string | null;
  invoice: string | null;
  /** A charge, where only that is said; and whose. */
  charge?: string | null;
  customer?: string | null;
  /** The trial is about to end. */
  trialEnding?: boolean;
  /** The gateway's event that tells of usage that it could not use: it is read there. */
  refusedUsage?: string;
  /** Money was given back, so that invoices that are over are looked at too. */
  money?: boolean;
}

/** What is to be sold on a page of the processor's. */
export interface PageInput {
  plan: Plan;
  seats: number | null;
  currency: string;
  /** Instead of the plan's own; null: not said. */
  trialDays: number | null;
}

/** What a processor began on a page, by its own names, and what had been offered there. */
export interface BegunOnPage {
  offer: SubscriptionOffer;
  plan: string;
  seats: number | null;
  currency: string;
  reference: string;
  customer: string;
}

/** A processor outside: what happens there is taken over here. */
export interface OutsideProcessor extends Processor {
  /** Within the write: what stands on a page of its own. Refuses what cannot be sold there. */
  offer(tx: Tx, tenant: TenantRef, input: PageInput): Promise<SubscriptionOffer>;
  /** Within the write: the subscription that began on that page, once; all else of it is read there afterwards. Refuses where the tenant has another. */
  begin(tx: Tx, tenant: TenantRef, begun: BegunOnPage): Promise<SubscriptionRow>;
  /** What an open invoice of its own is confirmed with by the person who pays it; null: it waits for nobody (any more). */
  confirmation(ctx: Context, invoice: string): Promise<Confirmation | null>;
  /** What it sells now, by the plans of the catalog. Throws where it cannot be asked, and never was. */
  offers(ctx: Context): Promise<Offers>;
  /** Within the write: it has told that what it sells has changed. */
  offersChanged(tx: Tx): Promise<void>;
  /** Reads there anew, and takes over what is not known yet. A text says why it concerns nobody here. */
  mirror(ctx: Context, report: Report): Promise<{ tenantId: string } | string>;
}

export interface ProcessorRegistry {
  /** Throws a 422 where it is not configured. */
  get(name: ProcessorName): Processor;
  /** null: not configured. */
  outside(name: string): OutsideProcessor | null;
}
