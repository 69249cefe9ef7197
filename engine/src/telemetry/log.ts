/** Structured logs on standard error, so that standard output stays a command's answer. Secrets are cut out by path. */
import { destination, type Logger, pino } from "pino";

export function openLog(level: string): Logger {
  return pino(
    {
      level,
      redact: { paths: ["req.headers.authorization", "*.secret", "*.password", "*.connectionString"], censor: "[cut]" },
    },
    destination({ fd: 2, sync: false }),
  );
}
