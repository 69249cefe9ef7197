/** A feature: what plans grant. Boolean: on or off; metered: so much of a meter; config: a value for the application to read. */
export const FEATURE_TYPES = ["boolean", "metered", "config"] as const;
export type FeatureType = (typeof FEATURE_TYPES)[number];

export interface Feature {
  key: string;
  name: string | null;
  type: FeatureType;
  /** Of a metered feature: what is counted. */
  meter: string | null;
  archived: boolean;
}
