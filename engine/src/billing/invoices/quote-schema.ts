/** The body and the answer of `POST /v1/quote`. */
import { type Static, Type } from "typebox";
import { Closed, Currency, Instant, Key, OneOf, Quantity, SignedMinor } from "../../http/schema.ts";
import { MeterBody } from "../catalog/document.ts";
import { opt, PriceBody, WholeAmount } from "../catalog/price-schema.ts";
import { LineView } from "./view.ts";

const Span = (description: string) => Closed({ start: Instant(), end: Instant("Belongs to what comes after.") }, { description });

const QuantityOrEvents = Type.Unsafe<number | string | (number | string)[]>({
  ...(Quantity("A quantity, or a list with the value of each single event, in order; their sum is the quantity.") as object),
  type: ["number", "string", "array"],
  items: Quantity("The value of one event."),
  maxItems: 10_000,
});

const Event = Closed({
  event: Type.String({ minLength: 1, maxLength: 128 }),
  amount: opt(Quantity("1 if not said; what a meter without a property reads.")),
  at: opt(Instant("The start of the service if not said.")),
  properties: opt(Type.Unsafe<Record<string, unknown>>({ type: "object", maxProperties: 200 })),
  idempotency_key: opt(
    Type.String({ minLength: 1, maxLength: 255, description: "The same again for the same event name counts nothing." }),
  ),
});
export type EventDocument = Static<typeof Event>;

export const QuoteBody = Closed({
  currency: opt(Currency()),
  prices: opt(Type.Array(PriceBody, { maxItems: 100, description: "Prices as the catalog declares them; their meters need not exist." })),
  plan: opt(Key("Or the key of a plan on sale.")),
  quantities: opt(
    Type.Unsafe<Record<string, Static<typeof QuantityOrEvents>>>({
      type: "object",
      additionalProperties: QuantityOrEvents,
      maxProperties: 200,
      description: "By the key of a price or of a meter; the price's wins.",
    }),
  ),
  seats: opt(
    Type.Unsafe<number | string>({
      type: ["integer", "string"],
      pattern: "^\\d{1,9}$",
      minimum: 0,
      maximum: 1e9,
      description: "A whole number; 1 if not said.",
    }),
  ),
  period: opt(
    Span("The whole period; if not said, the calendar interval of the plan (a month) that holds the service, the last event or now."),
  ),
  service: opt(Span("The part of the period that is served; if not said, all of it.")),
  time_zone: opt(Type.String({ maxLength: 64, description: "IANA name, for proration by the day; UTC if not said." })),
  proration_unit: opt(OneOf(["second", "day"], "The plan's own, else second.")),
  minimum_commitment: opt(WholeAmount("Least amount of a whole period; the plan's own if not said.")),
  events: opt(Type.Array(Event, { maxItems: 10_000, description: "Metered first, for the prices that `quantities` does not name." })),
  meters: opt(Type.Array(MeterBody, { maxItems: 200, description: "The meters of the events, before those of the catalog." })),
});
export type QuoteBody = Static<typeof QuoteBody>;

export const QuoteView = Type.Object({
  currency: Currency(),
  lines: Type.Array(LineView),
  subtotal: SignedMinor(),
  total: SignedMinor(),
});
