/** All invoices of the tenant. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { FileText } from "lucide-react";
import { Button, ButtonLink } from "../../parts/button.tsx";
import { Card, PageHead } from "../../parts/card.tsx";
import { Empty, Loaded, Note } from "../../parts/states.tsx";
import { engine } from "../../session/engine.ts";
import { useMayChange } from "../../session/session.ts";
import { moneyText } from "../../text/money.ts";
import { about, dueOf, UPCOMING, useBilling } from "./data.ts";
import { InvoiceTable } from "./invoice-table.tsx";
import { PayButton } from "./pay-button.tsx";

export function InvoicesPage() {
  const { tenant, summary, time } = useBilling();
  const mayChange = useMayChange();
  const due = dueOf(summary);
  const invoices = useInfiniteQuery({
    queryKey: about(tenant, "invoices", "all"),
    queryFn: ({ pageParam, signal }) =>
      engine.request("GET", "/v1/tenants/{tenant_id}/invoices", {
        path: { tenant_id: tenant },
        query: { limit: 25, ...(pageParam ? { cursor: pageParam } : {}) },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
  return (
    <>
      <PageHead
        title="Invoices"
        about="Each line of each can be opened, down to what made its amount."
        actions={
          summary.next_invoice && (
            <ButtonLink to="/t/$tenant/invoices/$invoice" params={{ tenant, invoice: UPCOMING }}>
              The next one, so far
            </ButtonLink>
          )
        }
      />
      {due && (
        <div className="mb-5">
          <Note tone="warn" action={mayChange && <PayButton tenant={tenant} invoice={due} size="small" />}>
            Invoice {due.number} is open: <strong className="figures">{moneyText(due.amount_due, due.currency)}</strong>
            {due.due_at && ` due by ${time.date(due.due_at)}`}.
          </Note>
        </div>
      )}
      <Card flush>
        <Loaded query={invoices} lines={6}>
          {({ pages }) => {
            const items = pages.flatMap((page) => page.items);
            return items.length === 0 ? (
              <Empty icon={<FileText aria-hidden className="size-5" />} title="No invoices yet">
                The first appears here when there is something to bill.
              </Empty>
            ) : (
              <InvoiceTable tenant={tenant} invoices={items} time={time} />
            );
          }}
        </Loaded>
      </Card>
      {invoices.hasNextPage && (
        <div className="mt-4 text-center">
          <Button busy={invoices.isFetchingNextPage} onClick={() => void invoices.fetchNextPage()}>
            Show earlier
          </Button>
        </div>
      )}
    </>
  );
}
