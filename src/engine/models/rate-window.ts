/** Something that was let through, and how much of the limit it takes. */
export interface Share {
  readonly at: number;
  amount: number;
  /** False once the window has passed it. */
  counts: boolean;
}

/** How much may come within any stretch of time of one length. */
export interface RateWindow {
  /** Milliseconds until so much more may come, after `ahead` others that take as much. */
  waitMs(amount: number, now: number, ahead?: number): number;
  take(amount: number, now: number): Share;
  /** The amount turned out to be another. */
  correct(share: Share, amount: number): void;
}

/**
 * A sliding window over what really happened: unlike a bucket that fills up again it lets no burst through that, together
 * with what came before, is over the limit. An amount over the whole limit waits until nothing else counts.
 * @param limit per `lengthMs`; less than one means one in a longer stretch
 */
export const rateWindow = (limit: number, lengthMs: number): RateWindow => {
  const most = Math.max(1, Math.floor(limit));
  const length = limit < 1 ? lengthMs / limit : lengthMs;
  let shares: Share[] = [];
  let head = 0;
  let sum = 0;
  const forget = (now: number): void => {
    for (let first = shares[head]; first && first.at + length <= now; first = shares[++head]) {
      first.counts = false;
      sum -= first.amount;
    }
    // Now and then, so that it costs little in all.
    if (head > 1000 && head * 2 > shares.length) {
      shares = shares.slice(head);
      head = 0;
    }
  };
  return {
    waitMs: (amount, now, ahead = 0) => {
      forget(now);
      const perRound = Math.max(1, Math.floor(most / Math.max(amount, 1)));
      const rounds = Math.floor(ahead / perRound);
      let over = sum + amount * ((ahead % perRound) + 1) - most;
      let until = now;
      for (let at = head; over > 0; at++) {
        const share = shares[at];
        if (!share) break;
        over -= share.amount;
        until = share.at + length;
      }
      return until - now + rounds * length;
    },
    take: (amount, now) => {
      const share = { at: now, amount, counts: true };
      shares.push(share);
      sum += amount;
      return share;
    },
    correct: (share, amount) => {
      if (share.counts) sum += amount - share.amount;
      share.amount = amount;
    },
  };
};
