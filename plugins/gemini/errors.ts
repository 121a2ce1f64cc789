import { ProviderError, retryAfterMs, sensibleWaitMs, type ProviderErrorKind, shown } from 'llm-copilot-agent';

/** Where the key comes from, the first one set. */
export const keyNames = ['GEMINI_API_KEY', 'GOOGLE_API_KEY'] as const;

/** Codes of https://ai.google.dev/gemini-api/docs/troubleshooting and google.rpc.Code, read 2026-11-27. */
const kindsByStatus: ReadonlyMap<unknown, ProviderErrorKind> = new Map(
  Object.entries({
    UNAUTHENTICATED: 'auth',
    PERMISSION_DENIED: 'auth',
    NOT_FOUND: 'not_found',
    RESOURCE_EXHAUSTED: 'rate_limit',
    UNAVAILABLE: 'overloaded',
    DEADLINE_EXCEEDED: 'timeout',
    INTERNAL: 'server',
    INVALID_ARGUMENT: 'invalid_request',
    FAILED_PRECONDITION: 'invalid_request',
    OUT_OF_RANGE: 'invalid_request',
  }),
);

const kindOfCode = (code: number): ProviderErrorKind => {
  if (code === 401 || code === 403) return 'auth';
  if (code === 404) return 'not_found';
  if (code === 408 || code === 504) return 'timeout';
  if (code === 413) return 'context_too_long';
  if (code === 429) return 'rate_limit';
  if (code === 529) return 'overloaded';
  return code >= 500 ? 'server' : 'invalid_request';
};

const tooLong = /token count.*exceeds|exceeds the maximum number of tokens|payload size exceeds/i;
const windowIn = /maximum number of tokens allowed \((\d{3,9})\)/i;
const badKey = /API[ _]key (?:not valid|expired|not found|invalid)|API_KEY_INVALID/i;

type Table = Readonly<Record<string, unknown>>;

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The error an answer holds, also as the only element of a list; undefined when it holds none. */
export const errorIn = (value: unknown): Table | undefined => {
  const answer: unknown = Array.isArray(value) ? value[0] : value;
  return isTable(answer) && isTable(answer.error) ? answer.error : undefined;
};

const detailsOf = ({ details }: Table): Table[] => (Array.isArray(details) ? details.filter(isTable) : []);

/** `34s` and `34.07s` as milliseconds. */
const delayIn = (details: readonly Table[]): number | undefined => {
  for (const { retryDelay } of details) {
    const seconds = typeof retryDelay === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(retryDelay)?.[1] : undefined;
    if (seconds !== undefined) return sensibleWaitMs(Number(seconds) * 1000);
  }
  return undefined;
};

const isDaily = (details: readonly Table[]): boolean =>
  details.some(
    ({ violations }) =>
      Array.isArray(violations) &&
      violations.some((one) => isTable(one) && typeof one.quotaId === 'string' && one.quotaId.includes('PerDay')),
  );

/** Daily quotas are whole again at midnight Pacific time (https://ai.google.dev/gemini-api/docs/rate-limits, read 2026-11-27). */
const msToMidnight = (): number => {
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/Los_Angeles', timeStyle: 'medium' });
  const [hours = 0, minutes = 0, seconds = 0] = clock.format(Date.now()).split(':').map(Number);
  return (86_400 - (hours * 3600 + minutes * 60 + seconds)) * 1000;
};

const hints: Readonly<Partial<Record<ProviderErrorKind, string>>> = {
  auth: `Check the key in ${keyNames.join(' or ')} and what it may use.`,
  not_found: 'Check the name of the model; GEMINI_BASE_URL may lead elsewhere.',
};

/** What an error says, made into one of ours; `prefix` says where it came from, `code` is that of HTTP. */
export const failure = (
  said: Table | undefined,
  prefix: string,
  secrets: readonly string[],
  answer: { code?: number; text?: string; headers?: Headers } = {},
): ProviderError => {
  const status = said?.status;
  const code = typeof said?.code === 'number' ? said.code : answer.code;
  const message = shown(typeof said?.message === 'string' ? said.message : (answer.text ?? ''), secrets);
  const details = said ? detailsOf(said) : [];
  const listed = kindsByStatus.get(status) ?? (code === undefined ? 'server' : kindOfCode(code));
  const refusesKey = badKey.test(message) || details.some(({ reason }) => reason === 'API_KEY_INVALID');
  const kind =
    listed !== 'invalid_request' ? listed : refusesKey ? 'auth' : tooLong.test(message) ? 'context_too_long' : listed;
  const askedMs = delayIn(details) ?? retryAfterMs(answer.headers);
  const daily = kind === 'rate_limit' && isDaily(details);
  const waitMs = daily ? Math.max(askedMs ?? 0, msToMidnight()) : askedMs;
  const window = kind === 'context_too_long' ? windowIn.exec(message)?.[1] : undefined;
  const hint = daily
    ? 'The quota of the day is used up; it is whole again at midnight Pacific time.'
    : code !== undefined && code >= 300 && code < 400
      ? 'It wants to be asked elsewhere: check GEMINI_BASE_URL.'
      : hints[kind];
  return new ProviderError(kind, `${prefix}${message ? `: ${message}` : ''}`, {
    ...(hint !== undefined && { hint }),
    ...(answer.code !== undefined && { status: answer.code }),
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
    ...(window !== undefined && { windowTokens: Number(window) }),
  });
};

/** What the API says of thought signatures: one is missing, or one it made itself is no longer taken. */
export const signatureProblem = (error: ProviderError): 'missing' | 'stale' | undefined => {
  if (error.kind !== 'invalid_request' || !/thought.?signature/i.test(error.message)) return undefined;
  return /missing/i.test(error.message) ? 'missing' : 'stale';
};
