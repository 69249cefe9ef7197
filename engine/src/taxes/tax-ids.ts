/** A tax number as Stripe takes it: with its type, which follows from the country of the buyer. Pure. */
import type Stripe from "stripe";

type TaxIdType = Stripe.Tax.CalculationCreateParams.CustomerDetails.TaxId.Type;

const EU = new Set("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split(" "));

const TYPES: Readonly<Record<string, TaxIdType>> = {
  AD: "ad_nrt",
  AE: "ae_trn",
  AL: "al_tin",
  AR: "ar_cuit",
  AU: "au_abn",
  BH: "bh_vat",
  BO: "bo_tin",
  BR: "br_cnpj",
  BY: "by_tin",
  CA: "ca_gst_hst",
  CH: "ch_vat",
  CL: "cl_tin",
  CN: "cn_tin",
  CO: "co_nit",
  CR: "cr_tin",
  DO: "do_rcn",
  EC: "ec_ruc",
  EG: "eg_tin",
  GB: "gb_vat",
  GE: "ge_vat",
  HK: "hk_br",
  ID: "id_npwp",
  IL: "il_vat",
  IN: "in_gst",
  IS: "is_vat",
  JP: "jp_trn",
  KE: "ke_pin",
  KR: "kr_brn",
  KZ: "kz_bin",
  LI: "li_vat",
  MA: "ma_vat",
  MD: "md_vat",
  MK: "mk_vat",
  MX: "mx_rfc",
  MY: "my_sst",
  NG: "ng_tin",
  NO: "no_vat",
  NZ: "nz_gst",
  OM: "om_vat",
  PE: "pe_ruc",
  PH: "ph_tin",
  RS: "rs_pib",
  RU: "ru_inn",
  SA: "sa_vat",
  SG: "sg_gst",
  SV: "sv_nit",
  TH: "th_vat",
  TR: "tr_tin",
  TW: "tw_vat",
  TZ: "tz_vat",
  UA: "ua_vat",
  US: "us_ein",
  UY: "uy_ruc",
  VE: "ve_rif",
  VN: "vn_tin",
  ZA: "za_vat",
};

/** null: Stripe has no type of number for the country that is known here. */
export function taxIdType(country: string): TaxIdType | null {
  return EU.has(country) ? "eu_vat" : (TYPES[country] ?? null);
}
