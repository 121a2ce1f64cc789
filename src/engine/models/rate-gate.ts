import type { RateLimits } from '../../core/capabilities.ts';
import { rateWindow, type RateWindow, type Share } from './rate-window.ts';
import type { Sleep } from './sleep.ts';
import { slots } from './slots.ts';
import { toldLimits, type LimitsDelta } from './told-limits.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

interface Rule {
  window: RateWindow;
  of: 'requests' | 'tokens';
  text: string;
}

const rulesOf = (limits: RateLimits): Rule[] => {
  const rule = (limit: number | undefined, lengthMs: number, of: Rule['of'], per: string): Rule[] =>
    limit === undefined ? [] : [{ window: rateWindow(limit, lengthMs), of, text: `${limit} ${of} per ${per}` }];
  return [
    ...rule(limits.requests_per_minute, minuteMs, 'requests', 'minute'),
    ...rule(limits.requests_per_day, dayMs, 'requests', 'day'),
    ...rule(limits.tokens_per_minute, minuteMs, 'tokens', 'minute'),
  ];
};

/** A call that was let through. */
export interface Passage {
  /** The server has begun to answer: what it says of its limits counts this call. */
  answered(): void;
  /** What the call used in the end. */
  used(tokens: number): void;
}

/** A call that has to wait. */
export interface Wait {
  waitMs: number;
  why: string;
  /** Lets it through after everybody who came before. @throws signal.reason when aborted */
  pass(signal: AbortSignal): Promise<Passage>;
  /** It waits no more, whether it passed or not. */
  end(): void;
}

/** The way of one model's calls, which go through it in their order. */
export interface Lane {
  enter(tokens: number): Passage | Wait;
  /** Takes down what an answer says of the limits. */
  hear(said: LimitsDelta): void;
}

/** Lets calls through when there is room for them. */
export interface RateGate {
  /** Own limits hold for all models together; what answers say is said of one: most providers limit each by itself. */
  lane(model: string): Lane;
}

/** A gate for our own limits and for what the provider says of its own. */
export const rateGate = (
  limits: RateLimits,
  { now, sleep, maxToldWaitMs }: { now: () => number; sleep: Sleep; maxToldWaitMs: number },
): RateGate => {
  const rules = rulesOf(limits);
  const lanes = new Map<string, Lane>();
  let waiting = 0;
  let news = new AbortController();
  /** There may be more room than was thought: who waits looks again. */
  const tellNews = (): void => {
    news.abort();
    news = new AbortController();
  };

  const newLane = (): Lane => {
    const told = toldLimits();
    const unanswered = { requests: 0, tokens: 0 };
    const turn = slots(1);

    const delay = (tokens: number, ahead = 0): { waitMs: number; why: string } => {
      const at = now();
      let longest = { waitMs: 0, why: '' };
      for (const { window, of, text } of rules) {
        const waitMs = window.waitMs(of === 'tokens' ? tokens : 1, at, ahead);
        if (waitMs > longest.waitMs) longest = { waitMs, why: text };
      }
      const said = told.waitMs(tokens, at);
      // Clocks may be wrong: who would have to wait for too long asks, and hears it from the server.
      if (said.waitMs > longest.waitMs && said.waitMs <= maxToldWaitMs)
        longest = { waitMs: said.waitMs, why: `it says that its ${said.kind} are used up` };
      return longest;
    };

    const take = (tokens: number): Passage => {
      const at = now();
      told.took(tokens);
      unanswered.requests++;
      unanswered.tokens += tokens;
      let isAnswered = false;
      const ofTokens: [RateWindow, Share][] = [];
      for (const { window, of } of rules) {
        const share = window.take(of === 'tokens' ? tokens : 1, at);
        if (of === 'tokens') ofTokens.push([window, share]);
      }
      return {
        answered: () => {
          if (isAnswered) return;
          isAnswered = true;
          unanswered.requests--;
          unanswered.tokens -= tokens;
        },
        used: (really) => {
          for (const [window, share] of ofTokens) window.correct(share, really);
          if (really < tokens) tellNews();
        },
      };
    };

    const pass = async (tokens: number, signal: AbortSignal): Promise<Passage> => {
      const leave = await turn.take(signal);
      try {
        for (let { waitMs } = delay(tokens); waitMs > 0; { waitMs } = delay(tokens)) {
          const { signal: heard } = news;
          await sleep(waitMs, AbortSignal.any([signal, heard])).catch((error: unknown) => {
            signal.throwIfAborted();
            if (!heard.aborted) throw error;
          });
        }
        return take(tokens);
      } finally {
        leave();
      }
    };

    return {
      enter: (tokens) => {
        const wait = delay(tokens, waiting);
        const leave = wait.waitMs <= 0 ? turn.tryTake() : undefined;
        leave?.();
        if (leave) return take(tokens);
        waiting++;
        let isWaiting = true;
        const end = (): void => {
          if (isWaiting) waiting--;
          isWaiting = false;
        };
        return { ...wait, pass: (signal) => pass(tokens, signal).finally(end), end };
      },
      hear: (said) => {
        told.hear(said, unanswered, now());
        tellNews();
      },
    };
  };

  return {
    lane: (model) => {
      const lane = lanes.get(model) ?? newLane();
      lanes.set(model, lane);
      return lane;
    },
  };
};
