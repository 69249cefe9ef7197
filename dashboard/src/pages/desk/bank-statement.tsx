/** A bank's statement read in as CSV: each row that brought money, the invoices that it may be for, and a click to say so. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Upload } from "lucide-react";
import { useId, useState } from "react";
import { Badge } from "../../parts/badge.tsx";
import { Button, buttonClass } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { SelectField } from "../../parts/field.tsx";
import { Empty, Loaded } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { complain, say } from "../../parts/toast.tsx";
import { engine } from "../../session/engine.ts";
import { moneyText } from "../../text/money.ts";
import { figures } from "./data.ts";

export function StatementCard() {
  const cache = useQueryClient();
  const input = useId();
  const [id, setId] = useState<string | null>(null);
  // Banks seldom say it in the file: it is one of those that are billed in.
  const currencies = (useQuery(figures.revenue("month")).data?.currencies ?? []).map((one) => one.currency).sort();
  const [chosen, choose] = useState<string | null>(null);
  const currency = chosen ?? currencies[0] ?? "usd";
  const statement = useQuery({
    queryKey: ["desk", "statement", id],
    enabled: id !== null,
    queryFn: ({ signal }) => engine.request("GET", "/v1/bank-statements/{id}", { path: { id: id! }, query: { limit: 100 }, signal }),
  });
  const read = async (file: File | undefined) => {
    if (!file) return;
    try {
      const made = await engine.request("POST", "/v1/bank-statements", {
        body: { csv: await file.text(), name: file.name, mapping: { currency } },
      });
      setId(made.id);
      say(`${made.credits} ${made.credits === 1 ? "row" : "rows"} brought money; ${made.known} known already.`);
    } catch (error) {
      complain(error);
    }
  };
  const act = async (row: number, deed: "accept" | "ignore", invoice?: string) => {
    try {
      const path = { id: id!, row };
      if (deed === "accept")
        await engine.request("POST", "/v1/bank-statements/{id}/rows/{row}/accept", { path, body: invoice ? { invoice } : {} });
      else await engine.request("POST", "/v1/bank-statements/{id}/rows/{row}/ignore", { path });
      await cache.invalidateQueries();
    } catch (error) {
      complain(error);
    }
  };
  return (
    <Card
      flush
      title="Bank statement"
      about="A CSV file of your bank: what came in is matched with open invoices"
      actions={
        <>
          {currencies.length > 1 && (
            <SelectField
              small
              hideLabel
              label="Currency of the account"
              options={currencies.map((one) => [one, one.toUpperCase()])}
              value={currency}
              onChange={(event) => choose(event.target.value)}
            />
          )}
          <input
            id={input}
            type="file"
            accept=".csv,text/csv"
            className="peer sr-only"
            onChange={(event) => void read(event.target.files?.[0])}
          />
          <label htmlFor={input} className={`${buttonClass("plain", "small")} cursor-pointer peer-focus-visible:outline-2`}>
            <Upload aria-hidden className="size-3.5" />
            Read a statement in
          </label>
        </>
      }
    >
      {id !== null && (
        <Loaded query={statement} lines={4}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No row of it brought money" />
            ) : (
              <Table
                dense
                label="Rows of the statement"
                rows={items}
                keyOf={(row) => String(row.row)}
                columns={[
                  { key: "date", head: "Date", cell: (row) => row.date },
                  {
                    key: "what",
                    head: "Said by the bank",
                    cell: (row) => <span className="line-clamp-2 max-w-md">{row.description}</span>,
                  },
                  {
                    key: "reference",
                    head: "Reference",
                    wideOnly: true,
                    cell: (row) => <code className="font-mono text-tiny">{row.reference}</code>,
                  },
                  { key: "amount", head: "Amount", number: true, cell: (row) => moneyText(row.amount, row.currency) },
                  {
                    key: "match",
                    head: "May be for",
                    cell: (row) =>
                      row.status !== "open" ? (
                        <Badge tone={row.status === "accepted" ? "good" : "plain"}>{row.status}</Badge>
                      ) : row.matches.length === 0 ? (
                        <span className="text-ink-soft">no open invoice fits</span>
                      ) : (
                        <ul className="space-y-1">
                          {row.matches.slice(0, 3).map((match) => (
                            <li key={match.invoice} className="flex flex-wrap items-center gap-2">
                              <Badge tone={match.confidence === "high" ? "good" : match.confidence === "medium" ? "info" : "warn"}>
                                {match.confidence}
                              </Badge>
                              <span className="figures">{match.number}</span> {moneyText(match.amount_due, row.currency)}
                              <Button
                                size="small"
                                look="quiet"
                                aria-label={`Yes, row ${row.row} is for ${match.number}`}
                                onClick={() => void act(row.row, "accept", match.invoice)}
                              >
                                Yes
                              </Button>
                            </li>
                          ))}
                        </ul>
                      ),
                  },
                  {
                    key: "ignore",
                    head: <span className="sr-only">Ignore</span>,
                    number: true,
                    cell: (row) =>
                      row.status === "open" && (
                        <Button size="small" look="quiet" aria-label={`Ignore row ${row.row}`} onClick={() => void act(row.row, "ignore")}>
                          Ignore
                        </Button>
                      ),
                  },
                ]}
              />
            )
          }
        </Loaded>
      )}
    </Card>
  );
}
