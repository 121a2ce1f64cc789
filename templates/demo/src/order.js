import { discountRate } from './discount.js';

/** Total in cents, rounded to a whole cent. */
export function totalCents(lines) {
  const packets = lines.reduce((sum, line) => sum + line.packets, 0);
  const full = lines.reduce((sum, line) => sum + line.packets * line.cents, 0);
  return Math.round(full * (1 - discountRate(packets)));
}
