/** `refund.failed`: The money could not be given back. */
import type { Interpret } from "../../../webhooks/inbound/adapter.ts";
import { refundFact } from "./refund.ts";

export const refundFailed: Interpret = (event) => refundFact(event);
