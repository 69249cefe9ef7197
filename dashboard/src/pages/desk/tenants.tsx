/** All tenants, found by name, mail or id, each with the way to everything about it. */
import { useDeferredValue, useState } from "react";
import { PageHead } from "../../parts/card.tsx";
import { TextField } from "../../parts/field.tsx";
import { Paged } from "../../parts/paged.tsx";
import { Empty } from "../../parts/states.tsx";
import { engine } from "../../session/engine.ts";
import { timeText } from "../../text/time.ts";
import { TenantLink } from "./tenant-link.tsx";

export function Tenants() {
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim());
  return (
    <>
      <PageHead
        title="Tenants"
        about="Everybody who is billed. Open one to see everything about it."
        actions={
          <TextField
            label="Find"
            type="search"
            placeholder="name, mail or id"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        }
      />
      <Paged
        label="Tenants"
        queryKey={["desk", "tenants", wanted]}
        load={(page, signal) => engine.request("GET", "/v1/tenants", { query: { ...page, ...(wanted ? { q: wanted } : {}) }, signal })}
        keyOf={(row) => row.tenant_id}
        empty={
          wanted ? (
            <Empty title="Nobody is called so">Names, mail addresses and ids are looked through.</Empty>
          ) : (
            <Empty title="No tenants yet">PUT /v1/tenants/acme makes the first.</Empty>
          )
        }
        columns={[
          { key: "name", head: "Name", cell: (row) => <TenantLink id={row.tenant_id} name={row.name ?? null} /> },
          { key: "id", head: "Id", wideOnly: true, cell: (row) => <code className="font-mono text-tiny">{row.tenant_id}</code> },
          { key: "currency", head: "Currency", cell: (row) => row.currency?.toUpperCase() },
          { key: "zone", head: "Time zone", wideOnly: true, cell: (row) => row.time_zone },
          { key: "since", head: "Since", number: true, cell: (row) => timeText(row.time_zone).date(row.created_at) },
        ]}
      />
    </>
  );
}
