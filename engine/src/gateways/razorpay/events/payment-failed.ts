/** `payment.failed`: A try to pay failed; the order can still be paid, and the bank may yet confirm this one. */
import type { Interpret } from "../../../webhooks/inbound/adapter.ts";
import { orderPayment } from "./order-payment.ts";

export const paymentFailed: Interpret = (event) => orderPayment(event);
