/** A list that the engine tells a page at a time, with the way to more of it under its table. */
import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { Card } from "./card.tsx";
import { Loaded } from "./states.tsx";
import { type Column, Table } from "./table.tsx";

interface Props<T> {
  label: string;
  queryKey: QueryKey;
  load: (page: { limit: number; cursor?: string }, signal: AbortSignal) => Promise<{ items: readonly T[]; next_cursor: string | null }>;
  columns: readonly Column<T>[];
  keyOf: (row: T) => string;
  /** What stands there where there is nothing. */
  empty: ReactNode;
  title?: ReactNode;
  about?: ReactNode;
  actions?: ReactNode;
  limit?: number;
  className?: string;
}

export function Paged<T>({ label, queryKey, load, columns, keyOf, empty, title, about, actions, limit = 50, className }: Props<T>) {
  const list = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => load({ limit, ...(pageParam ? { cursor: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
  return (
    <div className={className}>
      <Card flush title={title} about={about} actions={actions}>
        <Loaded query={list} lines={6}>
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.items);
            return rows.length === 0 ? empty : <Table dense label={label} rows={rows} keyOf={keyOf} columns={columns} />;
          }}
        </Loaded>
      </Card>
      {list.hasNextPage && (
        <div className="mt-4 text-center">
          <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </div>
  );
}
