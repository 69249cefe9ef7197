// Runs before the scripts of package.json: "setup.mjs running" installs what running needs, without a word all that is needed for
// development and tests; "setup.mjs … dashboard" also builds the pages that the engine serves. It runs with whatever Node the machine has, so its syntax stays parseable by old ones:
// they must get as far as the sentence below. The work is in setup/install.mjs, which is loaded only after this check.
var major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  console.error(
    "Billwright needs Node 20 or newer, and this is Node " +
      process.versions.node +
      ". Install a newer one (your package manager, nvm or nodejs.org), then run the same command again.",
  );
  process.exit(1);
}
import("./setup/install.mjs")
  .then((setup) => setup.install(process.argv[2] || "everything"))
  .then(() => process.argv[3] === "dashboard" && import("./setup/dashboard.mjs"))
  .then((pages) => (pages ? pages.buildDashboard() : undefined))
  .catch((error) => {
    // biome-ignore lint/complexity/useOptionalChain: old Nodes cannot parse it
    console.error(error && error.sentence ? error.sentence : error);
    process.exit(1);
  });
