/** Test clocks of the sandbox: time that is moved by hand, with all that falls due on the way. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { FastForward } from "lucide-react";
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Card, PageHead } from "../../parts/card.tsx";
import { TextField } from "../../parts/field.tsx";
import { Empty, Loaded, Note } from "../../parts/states.tsx";
import { complain, say } from "../../parts/toast.tsx";
import { engine, queries } from "../../session/engine.ts";
import { utc } from "./data.ts";

const DAY = 86_400_000;
const MOST = 366;

interface Clock {
  id: string;
  name: string;
  now: string;
}

export function ClocksPage() {
  const cache = useQueryClient();
  const [name, setName] = useState("");
  const clocks = useQuery({
    queryKey: ["desk", "clocks"],
    queryFn: ({ signal }) => engine.request("GET", "/v1/test-clocks", { query: { limit: 100 }, signal }),
  });
  const make = async () => {
    try {
      await engine.request("POST", "/v1/test-clocks", { body: { name } });
      setName("");
      await cache.invalidateQueries({ queryKey: ["desk", "clocks"] });
    } catch (error) {
      complain(error);
    }
  };
  return (
    <>
      <PageHead
        title="Test clocks"
        about="In the sandbox a tenant can be put on a clock of its own. Moving it lives through all that falls due on the way, in order."
        actions={
          <form
            className="flex items-end gap-2"
            onSubmit={(event) => {
              event.preventDefault();
              void make();
            }}
          >
            <TextField label="A new clock" placeholder="its name" value={name} onChange={(event) => setName(event.target.value)} />
            <Button type="submit" disabled={name.trim() === ""}>
              Make it
            </Button>
          </form>
        }
      />
      <Loaded query={clocks} lines={4}>
        {({ items }) =>
          items.length === 0 ? (
            <Card>
              <Empty title="No clocks">Make one, then put tenants on it as they are made.</Empty>
            </Card>
          ) : (
            <div className="grid gap-5 lg:grid-cols-2">
              {items.map((clock) => (
                <ClockCard key={`${clock.id} ${clock.now}`} clock={clock} />
              ))}
            </div>
          )
        }
      </Loaded>
    </>
  );
}

function ClockCard({ clock }: { clock: Clock }) {
  const [days, setDays] = useState(1);
  const [busy, setBusy] = useState(false);
  const to = new Date(Date.parse(clock.now) + days * DAY).toISOString();
  const move = async () => {
    setBusy(true);
    try {
      const { ran } = await engine.request("POST", "/v1/test-clocks/{id}/advance", {
        path: { id: clock.id },
        body: { to },
        timeout: 600_000,
      });
      say(`${ran.renewals} periods moved on, ${ran.invoices} invoices, ${ran.payments} payments.`);
      await queries.invalidateQueries();
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title={clock.name || clock.id} about={`It is ${utc.dateTime(clock.now)} UTC for its tenants`}>
      <label className="block text-small font-semibold" htmlFor={clock.id}>
        Move it to {utc.dateTime(to)}
      </label>
      <input
        id={clock.id}
        type="range"
        min={1}
        max={MOST}
        value={days}
        aria-valuetext={`${days} days on, ${utc.date(to)}`}
        onChange={(event) => setDays(Number(event.target.value))}
        className="mt-2 w-full accent-[var(--accent)]"
      />
      <div className="mt-2 flex flex-wrap items-center gap-2">
        {[1, 7, 31, 365].map((one) => (
          <Button key={one} size="small" look={one === days ? "plain" : "quiet"} aria-pressed={one === days} onClick={() => setDays(one)}>
            {one === 1 ? "A day" : one === 7 ? "A week" : one === 31 ? "A month" : "A year"}
          </Button>
        ))}
        <span className="flex-1" />
        <Button look="primary" busy={busy} icon={<FastForward aria-hidden className="size-4" />} onClick={() => void move()}>
          {days} {days === 1 ? "day" : "days"} on
        </Button>
      </div>
      {busy && (
        <div className="mt-3">
          <Note>Living through it: renewals, invoices, payments, retries.</Note>
        </div>
      )}
    </Card>
  );
}
