/** From a line of an invoice to the steps that made its amount, in words: what rating left on the line, told to a customer. */
import { type Decimal, decimal, isSame, minus, times, wholesOf } from "../../text/decimal.ts";
import { moneyText, unitPriceText } from "../../text/money.ts";
import { quantityText } from "../../text/quantity.ts";
import type { Line } from "./data.ts";

export interface Step {
  what: string;
  quantity?: string;
  price?: string;
  /** In minor units, exact. */
  amount?: Decimal;
}

export interface Explained {
  /** How it is priced, in a sentence. */
  model: string;
  steps: Step[];
  /** What the steps come to before the one rounding; null: nothing was rounded. */
  exact: Decimal | null;
}

interface Kept {
  model?: string;
  billable?: number | string;
  exact?: number | string;
  rate?: number | string;
  package_size?: number | string;
  share?: string;
  bound?: string;
  billed_before?: number | string;
  total?: number | string;
  covered_by_credits?: number | string;
  credits?: number | string;
  used?: number | string;
}

const MODELS: Record<string, string> = {
  flat: "A fixed amount for the period.",
  per_unit: "The same price for each unit.",
  graduated: "Each unit at the price of the step that it falls in.",
  volume: "All units at the price of the one step that their number falls in.",
  package: "By the pack; a pack that was begun counts.",
  percentage: "A share of the money moved, and a fee for each time.",
  graduated_percentage: "A share of the money moved, by steps.",
};

const KINDS: Record<string, string> = {
  commitment: "What lacks to the minimum that the plan was agreed with.",
  credit: "Given back: the unused rest of what was paid in advance.",
  item: "Added by hand.",
  pack: "Credits, bought in a pack.",
};

export function explain(line: Line, currency: string): Explained {
  const kept = line.explain as Kept;
  if (line.kind === "credit") return { model: KINDS.credit!, steps: givenBack(kept), exact: null };
  const steps = line.tiers.length > 0 ? tierSteps(line, kept, currency) : plainSteps(line, kept, currency);
  if (kept.covered_by_credits !== undefined)
    steps.unshift({ what: "Paid by credits already, and left out", quantity: quantityText(kept.covered_by_credits) });
  if (kept.share !== undefined) steps.push(shareStep(kept.share));
  if (kept.bound) steps.push({ what: `Held to the ${kept.bound} of this line` });
  if (kept.billed_before !== undefined && !isSame(decimal(kept.billed_before), "0"))
    steps.push({ what: "Billed before for the same period, and not again", amount: minus("0", decimal(kept.billed_before)) });
  const exact = kept.exact === undefined ? null : decimal(kept.exact);
  const whole = kept.total ?? line.amount;
  return {
    model: KINDS[line.kind] ?? MODELS[kept.model ?? ""] ?? "",
    steps,
    exact: exact === null || isSame(exact, decimal(whole)) ? null : exact,
  };
}

/** What was paid for the whole period, less what of it was used: the rounding is that of the whole, so that both parts add up to it. */
function givenBack({ billed_before: paid, used, share }: Kept): Step[] {
  const steps: Step[] = [];
  if (paid !== undefined) steps.push({ what: "Paid for the whole period", amount: decimal(paid) });
  if (used !== undefined) steps.push({ what: "Of it used until the change", amount: minus("0", decimal(used)) });
  if (share !== undefined) steps.push(shareStep(share));
  return steps;
}

function tierSteps(line: Line, { model }: Kept, currency: string): Step[] {
  let floor = "0";
  return line.tiers.flatMap((tier) => {
    const to = tier.up_to === null ? null : decimal(tier.up_to);
    const from = floor;
    floor = to ?? floor;
    const what =
      model === "volume"
        ? `All of them, in the step ${to === null ? `above ${quantityText(from)}` : `up to ${quantityText(to)}`}`
        : isSame(from, "0")
          ? to === null
            ? "All of them"
            : `The first ${quantityText(to)}`
          : to === null
            ? `All above ${quantityText(from)}`
            : `The next ${quantityText(minus(to, from))}`;
    const price = tier.rate === undefined ? unitPriceText(tier.unit_amount ?? "0", currency) : `${tier.rate} %`;
    const flat = decimal(tier.flat_amount);
    if (isSame(flat, "0")) return [{ what, quantity: quantityText(tier.quantity), price, amount: decimal(tier.amount) }];
    return [
      { what, quantity: quantityText(tier.quantity), price, amount: minus(decimal(tier.amount), flat) },
      { what: "For entering this step", amount: flat },
    ];
  });
}

function plainSteps(line: Line, kept: Kept, currency: string): Step[] {
  const quantity = decimal(line.quantity);
  const billable = decimal(kept.billable ?? line.quantity);
  const unit = decimal(line.unit_amount ?? "0");
  if (kept.model === "percentage" && kept.rate !== undefined) {
    const share = times(times(billable, decimal(kept.rate)), "0.01");
    const fees = minus(decimal(kept.exact ?? line.amount), share);
    const shareOf: Step = {
      what: "Of the money moved that is not free",
      quantity: unitPriceText(billable, currency),
      price: `${kept.rate} %`,
      amount: share,
    };
    return isSame(fees, "0") ? [shareOf] : [shareOf, { what: "The fee for each time", amount: fees }];
  }
  if (kept.model === "package" && kept.package_size !== undefined) {
    const packs = wholesOf(billable, decimal(kept.package_size));
    const what = `Packs of ${quantityText(kept.package_size)}, begun ones too`;
    return [{ what, quantity: quantityText(packs), price: unitPriceText(unit, currency), amount: times(packs, unit) }];
  }
  if (kept.model !== "per_unit") return [];
  const charged: Step = {
    what: "Units",
    quantity: quantityText(billable),
    price: unitPriceText(unit, currency),
    amount: times(billable, unit),
  };
  if (isSame(billable, quantity)) return [charged];
  return [
    { what: "Included, free", quantity: quantityText(minus(quantity, billable)), price: moneyText(0, currency), amount: "0" },
    { ...charged, what: "Above that" },
  ];
}

// "1607400/2592000" of a period, in seconds; or in days where they are few.
function shareStep(share: string): Step {
  const [num = "0", den = "1"] = share.split("/");
  const unit = BigInt(den) > 1_000n ? "seconds" : "days";
  return { what: `For ${quantityText(num)} of the period's ${quantityText(den)} ${unit}` };
}
