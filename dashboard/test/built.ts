/** The dashboard as its sources are now, built if it is not: also where a test is run alone. */
export async function built(): Promise<void> {
  const { buildDashboard } = (await import(new URL("../../scripts/setup/dashboard.mjs", import.meta.url).href)) as {
    buildDashboard: () => Promise<void>;
  };
  await buildDashboard();
}
