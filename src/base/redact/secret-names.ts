/** What a name says about the value beside it: how freely a value may be made to be taken for a secret. */
export type NameKind =
  /** A person chose it: short and wordy values count. */
  | 'password'
  /** A machine made it: only what looks random counts. */
  | 'token'
  /** Only right behind `=`, as in a query: `sig`, `key`, `code`. */
  | 'query'
  | 'cookie'
  | 'authorization'
  /** `value`, `default`: what it is stands in the words before. */
  | 'value'
  | 'putty';

const suffix =
  '(?:[_.-]?(?:\\d{1,3}|prod(?:uction)?|dev(?:elopment)?|stag(?:e|ing)|test(?:ing)?|live|local|main|old|new|value|base|b64|base64|default|primary|secondary|plain|raw|data))?';
const qualifiers =
  'api|app|application|access|private|secret|sign|signing|encryption|encrypt|encrypting|crypt|crypto|cipher|auth|authentication|master|service|account|client|storage|license|licence|ssh|deploy|deployment|webhook|shared|session|hmac|admin|subscription|function|consumer|jwt|aes|rsa|root|server|vault|registry|publish|integration|personal|stripe|openai|anthropic|azure|aws|gcp|google|github|gitlab|sendgrid|mailgun|mailchimp|twilio|datadog|algolia|heroku|cohere|mistral|gemini|groq|deepseek|launchdarkly|newrelic|sentry|loggedin|nonce|secure_auth|logged_in|fernet|host|write|ingest|sas';
const password = new RegExp(
  `(?:password|passwd|passwort|passphrase|pass_?phrase|pswd|requirepass|identified by|(?:^|[^A-Za-z])(?:pwd|pass|psk|pw)|(?:db|user|admin|root|smtp|redis|mysql|sql|pg|ssh|sudo|become|ftp|mail|http|proxy|key|store)_?(?:pass|pwd|pw))${suffix}$`,
  'i',
);
const camelPassword = /[a-z](?:Pass|Pwd)\d*$/;
const token = new RegExp(
  `(?:token|secret|credentials?|(?:^|[^A-Za-z])(?:auth|pat|jwt|bearer|salt)|authsalt|(?:${qualifiers})[_. -]?keys?|(?:secret|access)[_.-]?key[_.-]?id|key[_.-]?data|(?:secure|logged[_-]in|nonce|auth)[_-](?:key|salt)|(?:^|[^A-Za-z])(?:appid|apikey|dsn|pin))${suffix}$`,
  'i',
);
const camelKey =
  /(?:Api|Access|Private|Secret|Signing|Encryption|Auth|Master|Client|Storage|Shared|Service|Account)Key\d*$/;
const query =
  /(?:^|[^A-Za-z])(?:sig|signature|key|code|sas|access[_-]?key|x-amz-(?:signature|security-token|credential)|x-goog-signature|hmac|ticket|st|refresh|assertion|samlresponse|auth_?code)$/i;
const cookie = /(?:^|[^A-Za-z])(?:set-)?cookie$/i;
const sessionCookie =
  /(?:PHPSESSID|JSESSIONID|ASPSESSION\w*|ASP\.NET_SessionId|connect\.sid|sessionid|_session|session_token|sid_token|remember_me)$/i;
const innocent =
  /(?:next|page|paging|continuation|continue|sync|cancel(?:lation)?|abort|syntax|design|css|color|theme|end|eof|start|stop|csrf_?name|public|primary|foreign|sort|partition|cache)[_-]?(?:page)?[_-]?(?:token|key)$|(?:^|[^a-z])(?:forgot|reset|show|hide|toggle|change|update|confirm|verify|bypass|has|is|no|use|with|require|invalid|wrong|missing)[_-]?(?:password|secret)$|(?:hash|encrypted|hashed)_?password$/i;
const folder = /^(?:OLD)?PWD$/;

// The last three letters of every name above: asked first, at every word in the text.
const endings =
  'key eys ken ret ord swd pwd ass als ial uth ase dsn kie pat ort jwt rer psk alt ata pid pin sig ure ode sas mac ket esh ion nse sid nid lue ult ent nes sic _pw bpw rpw'.split(
    ' ',
  );
const slot = (a: number, b: number, c: number): number => ((a & 31) << 10) | ((b & 31) << 5) | (c & 31);
const slotOf = (ending: string): number => {
  const three = ending.slice(-3);
  return slot(three.charCodeAt(0), three.charCodeAt(1), three.charCodeAt(2));
};
const triggers = new Uint8Array(32768);
for (const ending of endings) triggers[slotOf(ending)] = 1;
// Endings that ordinary words share: how far before the end another letter of the name stands, and which.
for (const [index, [ending]] of [['ion'], ['ent'], ['ult'], ['lue'], ['ure'], ['ode'], ['ase']].entries())
  triggers[slotOf(ending ?? '')] = 2 + index;
const further: readonly (readonly [back: number, letter: string])[] = [
  [6, 'zs'], // authorization, assertion
  [7, 'c'], // content
  [7, 'd'], // default
  [5, 'v'], // value
  [9, 's'], // signature
  [4, 'c'], // code
  [4, 'rbB'], // passphrase, secret_key_base
];

const isSeparator = (code: number): boolean => code === 95 || code === 45 || code === 46;

/** Whether the word that ends here could be the name of a secret: quick, and sometimes wrongly yes. */
export const mayName = (text: string, from: number, to: number): boolean => {
  let at = to;
  // Numbers at the end of a name (`_2`) say nothing.
  while (at > from && at > to - 4) {
    const code = text.charCodeAt(at - 1);
    if (!((code > 47 && code < 58) || code === 95)) break;
    at--;
  }
  if (at - from < 2) return false;
  const c = text.charCodeAt(at - 1);
  const b = text.charCodeAt(at - 2);
  if (at - from === 2) return (b | 32) === 112 && (c | 32) === 119;
  const hit = triggers[slot(text.charCodeAt(at - 3), b, c)] ?? 0;
  if (hit === 1) return true;
  if (hit > 1) {
    const [back, letters] = further[hit - 2] ?? [0, ''];
    const letter = text.charAt(at - back).toLowerCase();
    if (at - back >= from && letter !== '' && letters.includes(letter)) return true;
  }
  // The name of an environment may stand behind: `API_KEY_PROD`.
  const least = Math.max(from + 3, at - 11);
  for (let sep = at - 3; sep >= least; sep--) {
    const code = text.charCodeAt(sep);
    if (isSeparator(code))
      return triggers[slot(text.charCodeAt(sep - 3), text.charCodeAt(sep - 2), text.charCodeAt(sep - 1))] === 1;
  }
  return false;
};

const read = (name: string): NameKind | undefined => {
  if (folder.test(name) || innocent.test(name)) return undefined;
  if (password.test(name) || camelPassword.test(name)) return 'password';
  if (cookie.test(name)) return 'cookie';
  if (/(?:^|-|_)authorization$/i.test(name)) return 'authorization';
  if (token.test(name) || camelKey.test(name)) return 'token';
  if (query.test(name) || sessionCookie.test(name)) return 'query';
  if (/(?:^|[^A-Za-z])(?:value|default|content)$/i.test(name)) return 'value';
  if (name === 'Private-Lines') return 'putty';
  return undefined;
};

// Programs say the same few names again and again.
const answers = new Map<string, NameKind | undefined>();
const mostAnswers = 4096;

/** What kind of name this is, or none. */
export const nameKind = (name: string): NameKind | undefined => {
  const known = answers.get(name);
  if (known !== undefined || answers.has(name)) return known;
  if (answers.size >= mostAnswers) answers.clear();
  const kind = read(name);
  answers.set(name, kind);
  return kind;
};
