/** What is read of Razorpay's events: each file of `events/`, one line. */
import type { EventReader } from "../../webhooks/inbound/adapter.ts";
import { dispute } from "./events/dispute.ts";
import { orderPayment } from "./events/order-payment.ts";
import { passedOver } from "./events/passed-over.ts";
import { refund } from "./events/refund.ts";

export const RAZORPAY_READERS: readonly EventReader[] = [dispute, orderPayment, refund, ...passedOver];
