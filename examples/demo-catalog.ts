// The catalog that `npm start` loads, as a file for the command line:
//
//     npm run -s billwright -- catalog diff examples/demo-catalog.ts
//     npm run -s billwright -- catalog push examples/demo-catalog.ts
//
// In a project of your own it would begin with: import { defineCatalog } from "billwright";
export { default } from "../engine/src/simulation/demo/catalog.ts";
