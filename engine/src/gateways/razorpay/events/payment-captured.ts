/** `payment.captured`: The money was taken. */
import type { Interpret } from "../../../webhooks/inbound/adapter.ts";
import { orderPayment } from "./order-payment.ts";

export const paymentCaptured: Interpret = (event) => orderPayment(event);
