/** What is read of Stripe's events: each file of `events/`, one line. */
import type { EventReader } from "../../webhooks/inbound/adapter.ts";
import { charge } from "./events/charge.ts";
import { chargeRefunded } from "./events/charge-refunded.ts";
import { checkoutSession } from "./events/checkout-session.ts";
import { customerCreated } from "./events/customer-created.ts";
import { customerDeleted } from "./events/customer-deleted.ts";
import { customerUpdated } from "./events/customer-updated.ts";
import { dispute } from "./events/dispute.ts";
import { invoice } from "./events/invoice.ts";
import { invoiceMoney } from "./events/invoice-money.ts";
import { meterError } from "./events/meter-error.ts";
import { offers } from "./events/offers.ts";
import { passedOver } from "./events/passed-over.ts";
import { paymentIntent } from "./events/payment-intent.ts";
import { paymentMethod } from "./events/payment-method.ts";
import { refund } from "./events/refund.ts";
import { setupIntent } from "./events/setup-intent.ts";
import { subscription } from "./events/subscription.ts";
import { subscriptionSchedule } from "./events/subscription-schedule.ts";
import { trialEnding } from "./events/trial-ending.ts";

export const STRIPE_READERS: readonly EventReader[] = [
  charge,
  chargeRefunded,
  checkoutSession,
  customerCreated,
  customerDeleted,
  customerUpdated,
  dispute,
  invoice,
  invoiceMoney,
  meterError,
  offers,
  paymentIntent,
  paymentMethod,
  refund,
  setupIntent,
  subscription,
  subscriptionSchedule,
  trialEnding,
  ...passedOver,
];
