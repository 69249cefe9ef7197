/** `order.paid`: An order was paid in full: the same as the capture of its payment, told once more. */
import type { Interpret } from "../../../webhooks/inbound/adapter.ts";
import { orderPayment } from "./order-payment.ts";

export const orderPaid: Interpret = (event) => orderPayment(event);
