/** The port that the API is to be served on: whether it can be had, said before anything slow is done. */
import { createServer } from "node:net";
import type { Config } from "../config.ts";
import { CommandError } from "./terminal.ts";

export async function checkPort({ host, port }: Pick<Config, "host" | "port">): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once("error", reject);
      probe.listen({ host, port, exclusive: true }, resolve);
    });
  } catch (error) {
    throw portProblem(error as Error, { host, port });
  } finally {
    await new Promise((resolve) => probe.close(resolve));
  }
}

export function portProblem(error: Error, { host, port }: Pick<Config, "host" | "port">): Error {
  switch ((error as NodeJS.ErrnoException).code) {
    case "EADDRINUSE":
      return new CommandError(
        `Port ${port} is taken by another program. Stop that program, or choose another port with PORT, for example PORT=${port === 65_535 ? 4_401 : port + 1}.`,
      );
    case "EACCES":
      return new CommandError(`Port ${port} is one that only the system's administrator may open. Choose one above 1023 with PORT.`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new CommandError(`${host} is no address of this machine. Set HOST to 127.0.0.1, or to 0.0.0.0 for all of its addresses.`);
    default:
      return error;
  }
}
