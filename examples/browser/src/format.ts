/** Numbers and times as people read them. */
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export function count(n: number): string {
  return whole.format(n);
}

/** Two digits that matter: 9,321 → "9,300". */
export function about(n: number): string {
  return whole.format(Number(n.toPrecision(2)));
}

export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  const power = Math.min(3, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  return `${(bytes / 1000 ** power).toFixed(power > 1 ? 1 : 0)} ${units[power]}`;
}

export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** 1e-5 → "10⁻⁵" */
export function powerOfTen(value: number): string {
  const digits = [...String(Math.round(Math.log10(value)))];
  return value === 1
    ? '1'
    : `10${digits.map(digit => (digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)])).join('')}`;
}

/** 3.2e-5 → "3×10⁻⁵"; near one in plain digits. */
export function scientific(value: number): string {
  if (value === 0) return '0';
  if (value >= 0.01) return value.toPrecision(2);
  const [digit, exponent] = value.toExponential(0).split('e');
  return `${digit}×${powerOfTen(10 ** Number(exponent))}`;
}
