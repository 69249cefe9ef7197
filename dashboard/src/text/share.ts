/** A share of a whole for people: rounded, but never to nothing or to all of it where it is neither. */
export function percentText(share: number): string {
  if (share > 0 && share < 0.01) return "Less than 1 %";
  if (share < 1 && share > 0.99) return "More than 99 %";
  return `${Math.round(share * 100)} %`;
}
