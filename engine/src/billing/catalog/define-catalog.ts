/** A catalog written in TypeScript, with the editor's help: `export default defineCatalog({ plans: [ … ] })`. */
import type { CatalogDocument } from "./document.ts";

export function defineCatalog(catalog: CatalogDocument): CatalogDocument {
  return catalog;
}
