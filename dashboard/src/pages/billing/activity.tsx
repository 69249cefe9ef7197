/** All that happened, and what happens now. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Activity } from "lucide-react";
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Card, PageHead } from "../../parts/card.tsx";
import { SelectField } from "../../parts/field.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { engine } from "../../session/engine.ts";
import { about, useBilling } from "./data.ts";
import { LiveState, Timeline } from "./timeline.tsx";

const KINDS = [
  ["", "Everything"],
  ["subscription.*", "Subscription"],
  ["invoice.*", "Invoices"],
  ["payment.*", "Payments"],
  ["credits.*", "Credits"],
  ["usage.*", "Usage"],
] as const;

export function ActivityPage() {
  const { tenant, now, time } = useBilling();
  const [kind, setKind] = useState("");
  const events = useInfiniteQuery({
    queryKey: about(tenant, "events", "all", kind),
    queryFn: ({ pageParam, signal }) =>
      engine.request("GET", "/v1/tenants/{tenant_id}/events", {
        path: { tenant_id: tenant },
        query: { limit: 50, ...(kind ? { type: kind as never } : {}), ...(pageParam ? { cursor: pageParam } : {}) },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
  return (
    <>
      <PageHead title="Activity" about="What happened to this billing, as it happens." actions={<LiveState />} />
      <Card
        title="Timeline"
        actions={
          <SelectField small hideLabel label="Kind" value={kind} options={KINDS} onChange={(event) => setKind(event.target.value)} />
        }
      >
        <Loaded query={events} lines={8}>
          {({ pages }) => {
            const items = pages.flatMap((page) => page.items);
            return items.length === 0 ? (
              <Empty icon={<Activity aria-hidden className="size-5" />} title="Nothing of this kind has happened" />
            ) : (
              <Timeline events={items} now={now} time={time} only={kind.replace(".*", ".")} />
            );
          }}
        </Loaded>
        {events.hasNextPage && (
          <div className="mt-4 text-center">
            <Button busy={events.isFetchingNextPage} onClick={() => void events.fetchNextPage()}>
              Show earlier
            </Button>
          </div>
        )}
      </Card>
    </>
  );
}
