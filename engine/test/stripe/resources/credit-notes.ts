/** Credit notes, and the balance of customers: what Stripe does with a note depends on whether its invoice is open or paid. */
import { found, type Json, missing, type Route, refuse } from "../resource.ts";
import { invoiceOf, markPaid, moveBalance, type Thing } from "./invoices.ts";

export const creditNotes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/credit_notes",
    act({ form }, stripe) {
      const invoice = invoiceOf(stripe, String(form.invoice));
      if (!invoice) return missing("invoice", String(form.invoice), "invoice");
      if (invoice.status !== "open" && invoice.status !== "paid")
        return refuse(400, { message: `Credit notes cannot be made for an invoice that is ${String(invoice.status)}.` });
      const amount = Number(form.amount);
      const [credit, outside, refund] = [form.credit_amount, form.out_of_band_amount, form.refund_amount].map((value) =>
        Number(value ?? 0),
      );
      const before = Number(invoice.pre_payment_credit_notes_amount) + Number(invoice.post_payment_credit_notes_amount);
      if (before + amount > Number(invoice.total))
        return refuse(400, { message: "The sum of credit notes is more than the invoice.", param: "amount" });
      const open = invoice.status === "open";
      if (open && amount > Number(invoice.amount_remaining))
        return refuse(400, { message: "The credit note is more than what is due.", param: "amount" });
      if (open ? credit! + outside! + refund! !== 0 : credit! + outside! + refund! !== amount)
        return refuse(400, { message: "The sum of refund, credit and outside of Stripe amounts must equal the credit note total." });
      const customer = stripe.objects.get(String(invoice.customer)) as Thing;
      const id = stripe.id("cn");
      const movement = credit! > 0 ? moveBalance(stripe, customer, { amount: -credit!, type: "credit_note", credit_note: id }) : null;
      const note = stripe.put<Json & { id: string }>({
        id,
        object: "credit_note",
        amount,
        created: stripe.now,
        currency: invoice.currency,
        customer: invoice.customer,
        customer_balance_transaction: movement?.id ?? null,
        invoice: invoice.id,
        memo: form.memo ?? null,
        metadata: form.metadata ?? {},
        out_of_band_amount: outside || null,
        post_payment_amount: open ? 0 : amount,
        pre_payment_amount: open ? amount : 0,
        status: "issued",
        total: amount,
        type: open ? "pre_payment" : "post_payment",
      });
      if (open) {
        Object.assign(invoice, {
          pre_payment_credit_notes_amount: Number(invoice.pre_payment_credit_notes_amount) + amount,
          amount_due: Number(invoice.amount_due) - amount,
          amount_remaining: Number(invoice.amount_remaining) - amount,
        });
        if (invoice.amount_remaining === 0) markPaid(stripe, invoice, false);
      } else invoice.post_payment_credit_notes_amount = Number(invoice.post_payment_credit_notes_amount) + amount;
      stripe.emit("credit_note.created", note);
      return found(note);
    },
  },
  {
    method: "GET",
    path: "/v1/credit_notes",
    act: (call, stripe) =>
      stripe.list(
        stripe.all("credit_note").filter((one) => call.form.invoice === undefined || one.invoice === call.form.invoice),
        call,
        "/v1/credit_notes",
      ),
  },
  {
    method: "POST",
    path: "/v1/customers/*/balance_transactions",
    act({ ids: [id], form }, stripe) {
      const customer = stripe.objects.get(id!);
      if (customer?.object !== "customer") return missing("customer", id!);
      return found(moveBalance(stripe, customer as Thing, { ...form, amount: Number(form.amount), metadata: form.metadata ?? {} }));
    },
  },
  {
    method: "GET",
    path: "/v1/customers/*/balance_transactions",
    act: (call, stripe) =>
      stripe.list(
        stripe.all("customer_balance_transaction").filter((one) => one.customer === call.ids[0]),
        call,
        `/v1/customers/${call.ids[0]}/balance_transactions`,
      ),
  },
];
