/** `refund.processed`: The money was given back. */
import type { Interpret } from "../../../webhooks/inbound/adapter.ts";
import { refundFact } from "./refund.ts";

export const refundProcessed: Interpret = (event) => refundFact(event);
