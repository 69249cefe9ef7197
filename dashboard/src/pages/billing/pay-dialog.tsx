/** Says what an invoice is paid with, and pays it. */
import { useQuery } from "@tanstack/react-query";
import { ButtonLink } from "../../parts/button.tsx";
import { Confirm, Dialog } from "../../parts/dialog.tsx";
import { engine } from "../../session/engine.ts";
import { moneyText } from "../../text/money.ts";
import { ask, type Invoice, refresh } from "./data.ts";
import { methodText } from "./method-text.ts";

export default function PayDialog({ tenant, invoice, onClose }: { tenant: string; invoice: Invoice; onClose: () => void }) {
  const methods = useQuery(ask.methods(tenant)).data;
  const method = methods?.find((one) => one.default) ?? methods?.[0];
  const amount = moneyText(invoice.amount_due, invoice.currency);
  const dialog = { open: true, onClose, title: `Pay invoice ${invoice.number}` };
  if (!method)
    return (
      <Dialog
        {...dialog}
        actions={
          <ButtonLink to="/t/$tenant/payment" params={{ tenant }} look="primary">
            Add a payment method
          </ButtonLink>
        }
      >
        <p className="text-small">There is no payment method to take {amount} from.</p>
      </Dialog>
    );
  return (
    <Confirm
      {...dialog}
      deed={`Pay ${amount}`}
      done={`${amount} paid.`}
      act={async () => {
        const paid = await engine.invoices.pay(invoice.id!, { payment_method: method.id });
        await refresh(tenant);
        const page = "payment" in paid ? paid.payment.action_url : null;
        if (page !== null) return location.assign(page);
        if (paid.status !== "paid")
          throw new Error("The payment did not go through, or is not settled yet. Payment has what the bank said.");
      }}
    >
      <p className="text-small">
        {amount} will be taken from <strong>{methodText(method)}</strong>.
      </p>
    </Confirm>
  );
}
