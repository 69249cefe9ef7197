/** `payment.authorized`: The payer has paid, and the money is not taken yet. */
import type { Interpret } from "../../../webhooks/inbound/adapter.ts";
import { orderPayment } from "./order-payment.ts";

export const paymentAuthorized: Interpret = (event) => orderPayment(event);
