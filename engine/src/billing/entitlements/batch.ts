/** Questions that come in while others are being answered are asked together in the next statement. */

interface Question<K, V> {
  key: K;
  resolve: (value: V) => void;
  reject: (error: unknown) => void;
}

const MAX_KEYS = 500;
const RUNNING = 2;

/** Each question is asked after it was put, never with a statement that is under way: its answer is not older than it. */
export function batched<K, V>(ask: (keys: readonly K[]) => Promise<readonly V[]>): (key: K) => Promise<V> {
  let waiting: Question<K, V>[] = [];
  let running = 0;

  function start(): void {
    const taken = waiting.slice(0, MAX_KEYS);
    waiting = waiting.slice(MAX_KEYS);
    if (taken.length === 0) return;
    running += 1;
    const end = () => {
      running -= 1;
      start();
    };
    ask(taken.map(({ key }) => key)).then(
      (values) => {
        taken.forEach(({ resolve }, i) => void resolve(values[i]!));
        end();
      },
      (error: unknown) => {
        for (const { reject } of taken) reject(error);
        end();
      },
    );
  }

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      // Whoever else asks in this turn of the event loop joins.
      if (running < RUNNING && waiting.length === 1) queueMicrotask(() => running < RUNNING && start());
    });
}
