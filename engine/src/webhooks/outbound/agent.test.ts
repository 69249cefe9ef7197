/** Where webhooks may go, against a server that is really there: it must be asked by nobody who may not. */
import { createServer, type Server } from "node:http";
import type { AddressInfo, LookupFunction } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { guardedAgent } from "./agent.ts";
import { send } from "./send.ts";

const LOOPBACK = ["127.0.0.0/8", "::1/128"];
let server: Server;
let port = 0;
const asked: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.headers.host} ${request.url}`);
    if (request.url === "/away") response.writeHead(307, { location: `http://127.0.0.1:${port}/inside` });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close());

/** A name server that leads wherever it is told, anew at each question. */
function resolver(...answers: string[][]): LookupFunction & { questions: number } {
  const ask = ((_host, _options, done) => {
    const found = answers[Math.min(lookup.questions++, answers.length - 1)]!;
    done(
      null,
      found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  }) as LookupFunction;
  const lookup = Object.assign(ask, { questions: 0 });
  return lookup;
}

async function post(url: string, allowed: readonly string[], resolve?: LookupFunction) {
  const agent = guardedAgent(allowed, resolve);
  try {
    return await send(agent, { url, headers: { "content-type": "application/json" }, body: "{}" }, 5_000);
  } finally {
    await agent.close();
  }
}

test.each([
  ["127.0.0.1", "127.0.0.1"],
  ["0x7f.1", "127.0.0.1"],
  ["2130706433", "127.0.0.1"],
  ["017700000001", "127.0.0.1"],
  ["[::ffff:127.0.0.1]", "::ffff:7f00:1"],
  ["[::1]", "::1"],
  ["0.0.0.0", "0.0.0.0"],
])("an address that is private is not connected to: %s", async (host, address) => {
  const reply = await post(`http://${host}:${port}/literal`, []);
  expect(reply).toMatchObject({ status: null, error: `${address} may not be reached` });
  expect(asked).toEqual([]);
});

test.each([[["127.0.0.1"]], [["::1"]], [["::ffff:127.0.0.1"]], [["10.0.0.1", "169.254.169.254"]], [["64:ff9b::7f00:1"]]])(
  "nor is a name that leads there: %j",
  async (addresses) => {
    const reply = await post(`http://inside.example:${port}/name`, [], resolver(addresses));
    expect(reply).toMatchObject({ status: null, error: "inside.example leads to no address that may be reached" });
    expect(asked).toEqual([]);
  },
);

test("a name that leads where it may when it is first asked for, and inside the next time", async () => {
  const rebinding = resolver(["127.0.0.1"], ["127.0.0.2"]);
  expect((await post(`http://rebind.example:${port}/rebind`, ["127.0.0.1/32"], rebinding)).status).toBe(200);
  expect(asked.splice(0)).toEqual([`POST rebind.example:${port} /rebind`]);
  // Each connection asked once, and goes to what that answer said: nothing is asked again between the check and the call.
  expect(rebinding.questions).toBe(1);
  const reply = await post(`http://rebind.example:${port}/rebind`, ["127.0.0.1/32"], rebinding);
  expect(reply.error).toBe("rebind.example leads to no address that may be reached");
  expect([rebinding.questions, asked]).toEqual([2, []]);
});

test("of a name that leads both ways only the way that is allowed is taken", async () => {
  const reply = await post(`http://both.example:${port}/both`, LOOPBACK, resolver(["10.255.255.1", "127.0.0.1"]));
  expect(reply.status).toBe(200);
  expect(asked.splice(0)).toEqual([`POST both.example:${port} /both`]);
});

test("what a receiver points to is not asked", async () => {
  expect(await post(`http://127.0.0.1:${port}/away`, LOOPBACK)).toMatchObject({ status: 307, error: null });
  expect(asked.splice(0)).toEqual([`POST 127.0.0.1:${port} /away`]);
});

test("nobody is there", async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const gone = (closed.address() as AddressInfo).port;
  await new Promise((resolve) => closed.close(resolve));
  expect(await post(`http://127.0.0.1:${gone}/`, LOOPBACK)).toMatchObject({ status: null, error: expect.stringContaining("ECONNREFUSED") });
  expect(await post(`https://127.0.0.1:${port}/`, LOOPBACK)).toMatchObject({
    status: null,
    error: expect.stringMatching(/SSL|TLS|EPROTO/),
  });
});
