/** All tenants, each with the way to its billing as it sees it. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "../../parts/button.tsx";
import { Card, PageHead } from "../../parts/card.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { engine } from "../../session/engine.ts";
import { timeText } from "../../text/time.ts";

export function Tenants() {
  const tenants = useInfiniteQuery({
    queryKey: ["tenants"],
    queryFn: ({ pageParam }) => engine.request("GET", "/v1/tenants", { query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
  return (
    <>
      <PageHead title="Tenants" about="Everybody who is billed. Open one to see its billing as it does." />
      <Card flush>
        <Loaded query={tenants} lines={6}>
          {({ pages }) => {
            const rows = pages.flatMap(({ items }) => items);
            if (rows.length === 0) return <Empty title="No tenants yet">PUT /v1/tenants/acme makes the first.</Empty>;
            return (
              <Table
                dense
                label="Tenants"
                rows={rows}
                keyOf={(row) => row.tenant_id}
                columns={[
                  {
                    key: "name",
                    head: "Name",
                    cell: (row) => (
                      <Link to="/t/$tenant" params={{ tenant: row.tenant_id }} className="font-semibold text-accent hover:underline">
                        {row.name ?? row.tenant_id}
                      </Link>
                    ),
                  },
                  { key: "id", head: "Id", cell: (row) => <code className="font-mono text-tiny">{row.tenant_id}</code>, wideOnly: true },
                  { key: "currency", head: "Currency", cell: (row) => row.currency?.toUpperCase() },
                  { key: "zone", head: "Time zone", cell: (row) => row.time_zone, wideOnly: true },
                  { key: "since", head: "Since", number: true, cell: (row) => timeText(row.time_zone).date(row.created_at) },
                ]}
              />
            );
          }}
        </Loaded>
      </Card>
      {tenants.hasNextPage && (
        <div className="mt-4 text-center">
          <Button busy={tenants.isFetchingNextPage} onClick={() => void tenants.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}
