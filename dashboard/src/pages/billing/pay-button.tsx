/** Pays an invoice by the default payment method, after saying what with. The dialog is fetched when it is wanted. */
import { lazy, Suspense, useState } from "react";
import { Button, type ButtonLook } from "../../parts/button.tsx";
import { moneyText } from "../../text/money.ts";
import type { Invoice } from "./data.ts";

const PayDialog = lazy(() => import("./pay-dialog.tsx"));

export function PayButton({
  tenant,
  invoice,
  look = "plain",
  size,
}: {
  tenant: string;
  invoice: Invoice;
  look?: ButtonLook;
  size?: "small";
}) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look={look} size={size} onClick={() => setOpen(true)}>
        Pay {moneyText(invoice.amount_due, invoice.currency)}
      </Button>
      {open && (
        <Suspense>
          <PayDialog tenant={tenant} invoice={invoice} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
