import { needs as allNeeds, priceOf, type Capabilities, type Need } from '../../core/capabilities.ts';
import { severities, type Loss, type Severity } from '../../core/loss.ts';
import type { Message } from '../../core/message.ts';
import type { Request } from '../../core/provider.ts';
import type { Candidate, Demand, Judged, Strategy } from '../../core/route.ts';
import { adapt } from './adapt/adapt.ts';
import { estimateRequest } from '../context.ts';

const thousands = (tokens: number): string => tokens.toLocaleString('en-US');

const misfitsOf = ({ capabilities }: Candidate, { needs, inputTokens, outputTokens }: Demand): string[] => {
  const { max_context_window: whole, max_input_tokens: most = whole } = capabilities.constraints.tokens;
  const missing = needs.filter((need) => !allNeeds[need](capabilities)).map((need) => `no ${need}`);
  const { deprecation_date: end } = capabilities;
  return [
    ...missing,
    ...(inputTokens > most || inputTokens + outputTokens > whole
      ? [`${thousands(inputTokens)} + ${thousands(outputTokens)} tokens do not fit ${thousands(whole)}`]
      : []),
    ...(end !== undefined && end <= new Date().toISOString().slice(0, 10) ? [`not served since ${end}`] : []),
  ];
};

const costOf = (capabilities: Capabilities, { inputTokens, outputTokens }: Demand): number | null => {
  const price = priceOf(capabilities);
  return price && (inputTokens * price.inputPerMTok + outputTokens * price.outputPerMTok) / 1e6;
};

/** Judges candidates for a demand; what they would lose is found out when somebody looks. */
export const judge = <C extends Candidate>(candidates: readonly C[], demand: Demand): Judged<C>[] =>
  candidates.map((candidate) => {
    let losses: readonly Loss[] | undefined;
    return {
      candidate,
      misfits: misfitsOf(candidate, demand),
      get losses() {
        return (losses ??= demand.request ? adapt(demand.request, candidate).losses : []);
      },
      costUsd: costOf(candidate.capabilities, demand),
    };
  });

const fits = ({ misfits }: Judged): boolean => misfits.length === 0;

/** Those that fit in the order given, then the others: a misfit that answers something is better than nothing. */
const fittingFirst = <J extends Judged>(judged: readonly J[], order: (a: J, b: J) => number = () => 0): J[] => [
  ...judged.filter(fits).sort(order),
  ...judged.filter((one) => !fits(one)).sort(order),
];

const dearness = ({ costUsd }: Judged): number => costUsd ?? Infinity;

/** How much one severity weighs, so that none of a milder kind adds up to it. */
const weights: Readonly<Record<Severity, number>> = { info: 1, warning: 1e3, error: 1e6, critical: 1e9 };
const lossiness = ({ losses }: Judged): number =>
  severities.reduce(
    (sum, severity) => sum + weights[severity] * losses.filter((loss) => loss.severity === severity).length,
    0,
  );

const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** Who is first at each turn of a round: everybody as often as the weights say to one in a hundred, spread evenly. */
const roundOf = (asked: readonly number[]): number[] => {
  // Weights of plugins and libraries may be anything.
  const sound = asked.map((weight) => (weight > 0 && weight < Infinity ? weight : 0));
  const largest = Math.max(...sound);
  const given = sound.map((weight) => (largest > 0 ? weight / largest : 1));
  const whole = given.reduce((sum, weight) => sum + weight, 0);
  const percents = given.map((weight) => Math.max(1, Math.round((100 * weight) / whole)));
  const common = percents.reduce(divisor);
  const shares = percents.map((percent) => percent / common);
  const turns = shares.reduce((sum, share) => sum + share, 0);
  const credit = shares.map(() => 0);
  return Array.from({ length: turns }, () => {
    shares.forEach((share, index) => (credit[index] = (credit[index] ?? 0) + share));
    const next = credit.indexOf(Math.max(...credit));
    credit[next] = (credit[next] ?? 0) - turns;
    return next;
  });
};

/** The built-in strategies by name. */
export const strategies: Readonly<Record<string, Strategy>> = {
  'primary-with-fallbacks': (judged) => fittingFirst(judged),
  'cheapest-that-fits': (judged) => fittingFirst(judged, (a, b) => compare(dearness(a), dearness(b))),
  'least-lossy': (judged) => fittingFirst(judged, (a, b) => compare(lossiness(a), lossiness(b))),
  'round-robin': (judged, { calls }) => {
    const able = judged.filter(fits);
    if (able.length === 0) return judged;
    const round = roundOf(able.map(({ candidate }) => candidate.weight ?? 1));
    const first = round[calls % round.length] ?? 0;
    return [...able.slice(first), ...able.slice(0, first), ...judged.filter((one) => !fits(one))];
  },
};

const withImages = new WeakMap<Message, boolean>();

const hasImage = (message: Message): boolean => {
  let has = withImages.get(message);
  if (has === undefined) {
    has = message.content.some(
      (block) =>
        block.type === 'image' ||
        (block.type === 'tool_result' && block.content.some((inner) => inner.type === 'image')),
    );
    withImages.set(message, has);
  }
  return has;
};

/** What an answer is taken to need: the cap is far above what almost every answer has. */
const likelyOutput = 8192;

/** What a request asks for, beside what its agent does. */
export const demandOf = (request: Request, needs: readonly Need[]): Demand => ({
  needs: [
    ...new Set<Need>([
      ...needs,
      ...(request.tools.length > 0 ? (['tools'] as const) : []),
      ...(request.messages.some(hasImage) ? (['images'] as const) : []),
    ]),
  ],
  inputTokens: estimateRequest(request),
  outputTokens: Math.min(request.maxOutputTokens, likelyOutput),
  request,
});

/** Chooses who is asked for a request, in order. */
export interface Router<C extends Candidate> {
  order(request: Request): readonly C[];
  /** Told who answered, so that a conversation stays where its cache is. */
  answered(request: Request, name: string): void;
}

/**
 * Orders candidates by a strategy. A conversation stays with the model that answered it last as long as that one fits and
 * is well – but for the order the user gave, which is gone back to. Who failed a moment ago is asked after the others.
 */
export const router = <C extends Candidate & { isResting(): boolean }>(
  candidates: readonly C[],
  options: { strategy: Strategy; needs: readonly Need[]; sticky: boolean },
): Router<C> => {
  const { strategy, needs, sticky } = options;
  const last = new WeakMap<Message, string>();
  let calls = 0;
  const order = (request: Request): readonly C[] => {
    if (candidates.length === 1) return candidates;
    const demand = demandOf(request, needs);
    const judged = strategy(judge(candidates, demand), { calls: calls++, demand });
    const [start] = request.messages;
    const home = sticky && start ? last.get(start) : undefined;
    const rank = ({ candidate, misfits }: Judged<C>): number =>
      candidate.isResting() ? 2 : candidate.name === home && misfits.length === 0 ? 0 : 1;
    return [...judged].sort((a, b) => compare(rank(a), rank(b))).map(({ candidate }) => candidate);
  };
  return {
    order,
    answered: ({ messages: [start] }, name) => {
      if (start) last.set(start, name);
    },
  };
};
