// Part of the engine's build: the dashboard goes into the package beside the code that serves it.
import { cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
rmSync(at("../engine/dist/dashboard"), { recursive: true, force: true });
cpSync(at("../dashboard/dist"), at("../engine/dist/dashboard"), { recursive: true, filter: (path) => !path.endsWith(".made-of") });
