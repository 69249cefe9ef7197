/**
 * Which event wakes which action: the only way up in the house, and the whole cause and effect of the engine.
 * Reactions run inside the transaction of their event, in the order they stand here.
 */
import { eraseAlerts } from "./alerts/erase.ts";
import { lookForCancellation, lookForFailure, lookForPayment } from "./alerts/watch.ts";
import { eraseAccess } from "./auth/erase.ts";
import { noteSale } from "./billing/catalog/note-sale.ts";
import { grantDisputed, takeBackDisputed } from "./billing/credits/disputed-credits.ts";
import { endTopUp, endTopUps, failTopUp, pauseTopUps, unpauseTopUps } from "./billing/credits/end-top-up.ts";
import { cancelPurchase, grantPurchase, takeBackPurchase } from "./billing/credits/grant-purchase.ts";
import { forgetPlan, notePlan } from "./billing/credits/note-plan.ts";
import { refillPlanCredits } from "./billing/credits/refill-plan-credits.ts";
import { grantPaidPeriod, lapsePeriod, takeBackPeriod } from "./billing/credits/settle-plan-credits.ts";
import { forgetTerms } from "./billing/entitlements/forget-terms.ts";
import { dropFailedSale } from "./billing/invoices/drop-failed-sale.ts";
import { eraseInvoices } from "./billing/invoices/erase.ts";
import { askTaxesAgain, takeBackCredit, takeBackSale } from "./billing/invoices/note-taxes.ts";
import { sellByCheckout } from "./billing/invoices/sell-by-checkout.ts";
import { keepFailedRefund, notePaymentFailure, settleInvoice } from "./billing/invoices/settle.ts";
import { settleDispute } from "./billing/invoices/settle-dispute.ts";
import { eraseReceipts } from "./billing/payments/erase.ts";
import { tellGateways } from "./billing/payments/tell-gateways.ts";
import { endAfterDunning } from "./billing/subscriptions/end-after-dunning.ts";
import { eraseSubscriptions } from "./billing/subscriptions/erase.ts";
import { beginAllFreeCredits, beginFreeCredits } from "./billing/subscriptions/free-credits.ts";
import { markPastDue } from "./billing/subscriptions/mark-past-due.ts";
import { endCredits } from "./billing/subscriptions/open-credits.ts";
import { recover } from "./billing/subscriptions/recover.ts";
import { startByCheckout } from "./billing/subscriptions/start-by-checkout.ts";
import { noteSubscription } from "./billing/tenants/note-subscription.ts";
import { registerMeters } from "./billing/usage/register-meters.ts";
import type { Tx } from "./commit.ts";
import type { AppendedEvent } from "./events/append.ts";
import type { EventType } from "./events/types.ts";
import { tellBalance, tellCredited, tellIssued, tellPaid, tellUncollectible, tellVoided } from "./processors/stripe/tell.ts";
import { eraseInbound } from "./webhooks/inbound/erase.ts";
import { eraseOutbound } from "./webhooks/outbound/erase.ts";

export type Reaction = (tx: Tx, event: AppendedEvent) => Promise<void>;

export const REACTIONS: Partial<Record<EventType, readonly Reaction[]>> = {
  "catalog.changed": [registerMeters, beginAllFreeCredits, forgetTerms],
  "tenant.created": [beginFreeCredits],
  "tenant.updated": [beginFreeCredits, forgetTerms, tellGateways, askTaxesAgain],
  "tenant.erased": [
    eraseAlerts,
    eraseInbound,
    eraseOutbound,
    eraseReceipts,
    eraseInvoices,
    eraseSubscriptions,
    eraseAccess,
    endTopUps,
    tellGateways,
  ],
  "subscription.started": [noteSale, noteSubscription, notePlan, forgetTerms],
  "subscription.plan_changed": [noteSale, notePlan, forgetTerms],
  "subscription.updated": [forgetTerms, lookForCancellation],
  "subscription.trial_ended": [forgetTerms],
  "subscription.renewed": [forgetTerms],
  "subscription.paused": [forgetTerms, pauseTopUps],
  "subscription.resumed": [forgetTerms, unpauseTopUps],
  "subscription.past_due": [forgetTerms],
  "subscription.canceled": [forgetPlan, unpauseTopUps, endCredits, forgetTerms, lookForCancellation],
  "subscription.expired": [forgetPlan, unpauseTopUps, endCredits, forgetTerms, lookForCancellation],
  "credits.refunded": [refillPlanCredits],
  "entitlement.overridden": [forgetTerms],
  "entitlement.override_removed": [forgetTerms],
  "payment.succeeded": [settleInvoice, tellBalance],
  "payment.refund_failed": [keepFailedRefund, tellBalance],
  "payment.kept": [tellBalance],
  "payment.failed": [notePaymentFailure],
  "payment.disputed": [settleDispute],
  "checkout.completed": [sellByCheckout, startByCheckout],
  "invoice.payment_failed": [markPastDue, endAfterDunning, dropFailedSale, lookForFailure],
  "invoice.finalized": [tellIssued],
  "invoice.paid": [recover, grantPurchase, endTopUp, grantPaidPeriod, grantDisputed, lookForPayment, tellPaid],
  "invoice.credited": [takeBackPurchase, takeBackPeriod, takeBackCredit, tellCredited],
  "invoice.reopened": [markPastDue, takeBackDisputed, lookForFailure],
  "invoice.voided": [recover, cancelPurchase, failTopUp, lapsePeriod, lookForPayment, takeBackSale, tellVoided],
  "invoice.marked_uncollectible": [recover, tellUncollectible],
};
