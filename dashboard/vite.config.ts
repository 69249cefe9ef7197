/** Builds the dashboard into dist/, where the engine finds it; `npm run dev -w dashboard` serves it anew at every change, before an engine on port 4400. */
import { fileURLToPath } from "node:url";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { packed } from "./packed.ts";

const ENGINE = process.env.BILLWRIGHT_URL ?? "http://127.0.0.1:4400";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [react(), tailwind(), packed()],
  // The client's source: its own build is for those who install it.
  resolve: { alias: { "@billwright/client": fileURLToPath(new URL("../sdk/src/client.ts", import.meta.url)) } },
  build: {
    target: "es2022",
    // Those that know light-dark() themselves: put in other words it would follow the machine alone, and not the switch.
    cssTarget: ["chrome123", "edge123", "firefox120", "safari17.5"],
    // A data: address is refused by the policy of the page.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/v1": ENGINE, "/docs": ENGINE, "/sandbox": ENGINE, "/openapi.json": ENGINE } },
});
