/** Customers: made, read, changed, deleted, and their payment methods. */
import { found, type Json, missing, type Route, type State } from "../resource.ts";

const one = (stripe: State, id: string): (Json & { id: string }) | null => {
  const object = stripe.objects.get(id);
  return object?.object === "customer" ? (object as Json & { id: string }) : null;
};

export const customers: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/customers",
    act({ form }, stripe) {
      const customer = stripe.put({
        id: stripe.id("cus"),
        object: "customer",
        address: null,
        balance: 0,
        created: stripe.now,
        currency: null,
        delinquent: false,
        description: null,
        email: null,
        invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
        livemode: false,
        metadata: {},
        name: null,
        phone: null,
        ...form,
      });
      stripe.emit("customer.created", customer);
      return found(customer);
    },
  },
  {
    method: "GET",
    path: "/v1/customers",
    act(call, stripe) {
      const created = (call.form.created ?? {}) as Json;
      const [from, to] = [Number(created.gte ?? 0), Number(created.lte ?? Number.MAX_SAFE_INTEGER)];
      const items = stripe.all("customer").filter((customer) => {
        const at = Number(customer.created);
        return customer.deleted !== true && at >= from && at <= to && (call.form.email === undefined || customer.email === call.form.email);
      });
      return stripe.list(items, call, "/v1/customers");
    },
  },
  {
    method: "GET",
    path: "/v1/customers/*",
    act: ({ ids: [id] }, stripe) => (one(stripe, id!) ? found(one(stripe, id!)!) : missing("customer", id!)),
  },
  {
    method: "POST",
    path: "/v1/customers/*",
    act({ ids: [id], form }, stripe) {
      const customer = one(stripe, id!);
      if (!customer || customer.deleted === true) return missing("customer", id!);
      const { metadata, invoice_settings, ...rest } = form;
      Object.assign(customer, rest);
      if (metadata) customer.metadata = { ...(customer.metadata as Json), ...(metadata as Json) };
      if (invoice_settings) customer.invoice_settings = { ...(customer.invoice_settings as Json), ...(invoice_settings as Json) };
      stripe.emit("customer.updated", customer);
      return found(customer);
    },
  },
  {
    method: "DELETE",
    path: "/v1/customers/*",
    act({ ids: [id] }, stripe) {
      const customer = one(stripe, id!);
      if (!customer) return missing("customer", id!);
      const gone = { id: customer.id, object: "customer", deleted: true };
      stripe.objects.set(customer.id, gone);
      stripe.emit("customer.deleted", customer);
      return found(gone);
    },
  },
  {
    method: "GET",
    path: "/v1/customers/*/payment_methods",
    act: (call, stripe) =>
      stripe.list(
        stripe.all("payment_method").filter((method) => method.customer === call.ids[0]),
        call,
        `/v1/customers/${call.ids[0]}/payment_methods`,
      ),
  },
];
