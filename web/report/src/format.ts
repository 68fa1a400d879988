// Numbers as a paper prints them.

const kSuperscript = "⁰¹²³⁴⁵⁶⁷⁸⁹";

export function power(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map(d => kSuperscript[Number(d)]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

const minus = (text: string) => text.replace("-", "−");

// With at most so many decimals.
export function scientific(value: number, decimals: number): string {
  const [mantissa, exponent] = value.toExponential(decimals).split("e");
  return `${minus(mantissa)}×${power(Number(exponent))}`;
}

const fitsFixed = (value: number, least = 0.9995e-3) =>
  Math.abs(value) >= least && Math.abs(value) < 1e6;

// At most `digits` significant digits, without zeros that say nothing.
export function number(value: number, digits = 4, least?: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) {
    return Math.abs(value) >= 1e4
      ? minus(value.toLocaleString("en").replace(/,/g, "\u202f"))
      : minus(String(value));
  }
  if (!fitsFixed(value, least))
    return scientific(Number(value.toPrecision(digits)), Math.min(digits - 1, 2));
  return minus(String(Number(value.toPrecision(digits))));
}

// The paper has three decimals: 0.34 is its 0.340.
export function paperNumber(value: number): string {
  return value !== 0 && Number(value.toFixed(3)) === value
    ? minus(value.toFixed(3))
    : number(value, 3);
}

// 0.0512(4): the digit in brackets is the standard error in the last place. Returns the digits of
// the value, of the error, and the power behind both.
export function withError(value: number, se: number | null | undefined): [string, string, string] {
  if (!se || !(se > 0) || !Number.isFinite(se)) return [number(value), "", ""];
  let exponent = 0;
  const size = Math.max(Math.abs(value), se);
  if (!fitsFixed(size)) exponent = Math.floor(Math.log10(size));
  const scaled = value / 10 ** exponent;
  const error = se / 10 ** exponent;
  const decimals = -Number(error.toExponential(0).split("e")[1]);
  if (decimals < 0 || decimals > 9) return [number(value), "", ""];
  const bracket = Math.round(error * 10 ** decimals);
  return [
    minus(scaled.toFixed(decimals)),
    `(${bracket})`,
    exponent === 0 ? "" : `×${power(exponent)}`,
  ];
}

// The same at length, with two digits of the error.
export function plusMinus(value: number, se: number | null | undefined): string {
  if (!se || !(se > 0)) return number(value, 5);
  const decimals = 1 - Math.floor(Math.log10(se));
  const fixed = fitsFixed(Math.max(Math.abs(value), se)) && decimals >= 0 && decimals < 10;
  return `${fixed ? minus(value.toFixed(decimals)) : number(value)} ± ${number(se, 2, 1e-6)}`;
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${number(seconds, 2)} s`;
  if (seconds < 3600) return `${number(seconds / 60, 2)} min`;
  return `${number(seconds / 3600, 3)} h`;
}

export const plural = (count: number, one: string, many = `${one}s`) =>
  `${number(count)} ${count === 1 ? one : many}`;
