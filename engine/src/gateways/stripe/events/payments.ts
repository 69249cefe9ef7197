/** What Stripe tells of payments, customers and their methods: one line a type. */
import type { Interpret } from "../../../webhooks/inbound/adapter.ts";

export const PAYMENT_EVENTS: Readonly<Record<string, Interpret>> = {};
