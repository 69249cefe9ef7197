/** Packs of credits in the tenant's currency, bought with the stored payment method or on the gateway's page. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Confirm } from "../../parts/dialog.tsx";
import { Choices, Stepper } from "../../parts/field.tsx";
import { engine } from "../../session/engine.ts";
import { decimal, times } from "../../text/decimal.ts";
import { moneyText } from "../../text/money.ts";
import { nameOfKey, quantityText } from "../../text/quantity.ts";
import { ask, type Billing, refresh } from "./data.ts";
import { methodText } from "./method-text.ts";

type Product = Awaited<ReturnType<typeof engine.creditProducts.list>>["items"][number];

/** Nothing where nothing is sold in this currency. */
export function BuyCredits({ billing }: { billing: Billing }) {
  const { currency } = billing;
  const products = useQuery(ask.products()).data?.filter((product) => product.currency === currency && !product.archived) ?? [];
  const [chosen, choose] = useState<Product | null>(null);
  if (products.length === 0) return null;
  return (
    <Card title="Buy more" about="Bought credits do not expire">
      <ul className="space-y-2.5">
        {products.map((product) => (
          <li key={product.key} className="flex items-center justify-between gap-4 rounded-control border border-line px-4 py-3">
            <div className="min-w-0">
              <p className="font-semibold">{product.name ?? nameOfKey(product.key)}</p>
              <p className="figures text-small text-ink-soft">
                {quantityText(product.credits)} for {moneyText(product.amount, currency)}
              </p>
            </div>
            <Button size="small" aria-label={`Buy ${product.name ?? product.key}`} onClick={() => choose(product)}>
              Buy
            </Button>
          </li>
        ))}
      </ul>
      {chosen && <Buy billing={billing} product={chosen} onClose={() => choose(null)} />}
    </Card>
  );
}

function Buy({ billing: { tenant, currency }, product, onClose }: { billing: Billing; product: Product; onClose: () => void }) {
  const methods = useQuery(ask.methods(tenant)).data;
  const method = methods?.find((one) => one.default) ?? methods?.[0];
  const [packs, setPacks] = useState(1);
  const [way, setWay] = useState<"stored" | "page">("stored");
  const stored = method !== undefined && way === "stored";
  const amount = moneyText(times(decimal(product.amount), String(packs)), currency);
  const here = `${location.origin}/t/${encodeURIComponent(tenant)}/credits`;
  return (
    <Confirm
      open
      onClose={onClose}
      title={`Buy ${product.name ?? nameOfKey(product.key)}`}
      deed={stored ? `Pay ${amount}` : "To the payment page"}
      done={stored ? "Bought." : "On to the payment page …"}
      disabled={methods === undefined}
      act={async () => {
        if (stored) {
          const bought = await engine.request("POST", "/v1/tenants/{tenant_id}/credits/purchases", {
            path: { tenant_id: tenant },
            body: { product: product.key, quantity: packs, payment_method: method.id },
          });
          await refresh(tenant);
          // The bank wants the payer.
          const page = "payment" in bought ? bought.payment.action_url : null;
          if (page !== null) location.assign(page);
          return;
        }
        const { url } = await engine.request("POST", "/v1/tenants/{tenant_id}/credits/checkout", {
          path: { tenant_id: tenant },
          body: { product: product.key, quantity: packs, success_url: here, cancel_url: here },
        });
        location.assign(url);
      }}
    >
      <div className="space-y-5">
        <Stepper label="Packs" value={packs} min={1} max={100} onChange={setPacks} />
        <p className="text-small">
          <strong className="figures">{quantityText(times(decimal(product.credits), String(packs)))}</strong> credits for{" "}
          <strong className="figures">{amount}</strong>, before taxes.
        </p>
        {method && (
          <Choices
            label="Paid"
            value={way}
            onChange={setWay}
            options={[
              ["stored", `With ${methodText(method)}`],
              ["page", "On the payment page", "With another card, or in another way."],
            ]}
          />
        )}
      </div>
    </Confirm>
  );
}
