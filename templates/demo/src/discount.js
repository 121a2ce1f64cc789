/** Orders of ten packets or more are ten percent cheaper. */
export function discountRate(packets) {
  return packets > 10 ? 0.1 : 0;
}
