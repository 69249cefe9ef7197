// The catalog that `npm start` loads, as a file for the command line:
//
//     npx billwright catalog diff examples/demo-catalog.ts
//     npx billwright catalog push examples/demo-catalog.ts
//
// In a project of your own it would begin with: import { defineCatalog } from "billwright";
export { default } from "../engine/src/simulation/demo/catalog.ts";
