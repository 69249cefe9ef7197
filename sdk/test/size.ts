/** `npm run size -w sdk`: prints what each entry weighs, as the README has it. */
import { ENTRIES, weigh } from "./bundle.ts";

const kib = (bytes: number) => `${(bytes / 1_024).toFixed(1)} KiB`;
console.log("| import | minified | with gzip |\n| --- | ---: | ---: |");
for (const { name, minified, gzip } of await Promise.all(ENTRIES.map(weigh))) console.log(`| ${name} | ${kib(minified)} | ${kib(gzip)} |`);
