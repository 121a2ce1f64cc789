// Secrets as they turn up in real texts. No token stands here: each is made at run time from a fixed seed, with the
// checksum its format has, so that no scanner of a code host takes this file for a leak.
import { crc32 } from 'node:zlib';

/** One text with a secret in it. `secrets` are the pieces of the text that must be covered wholly. */
export interface SecretSample {
  id: string;
  text: string;
  secrets: readonly string[];
}

type Random = () => number;

/** A small seeded generator (mulberry32), the same on every machine. */
export const seeded = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
};

const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const digits = '0123456789';
const base62 = digits + upper + lower;
const hex = `${digits}abcdef`;
const base32 = `${upper}234567`;
const url64 = `${base62}-_`;
const std64 = `${base62}+/`;
const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const bech32 = 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L';

const pick = (random: Random, from: string, count: number): string =>
  Array.from({ length: count }, () => from[Math.floor(random() * from.length)]).join('');
const uuid = (random: Random): string => [8, 4, 4, 4, 12].map((count) => pick(random, hex, count)).join('-');
const b64 = (text: string): string => Buffer.from(text).toString('base64');
const b64url = (text: string): string => Buffer.from(text).toString('base64url');

const crcBase62 = (text: string): string => {
  let rest = crc32(text);
  let out = '';
  for (let place = 0; place < 6; place++) {
    out = `${base62[rest % 62] ?? ''}${out}`;
    rest = Math.floor(rest / 62);
  }
  return out;
};
const checked = (prefix: string, random: Random): string => {
  const body = pick(random, base62, 30);
  return `${prefix}${body}${crcBase62(body)}`;
};
const grafana = (random: Random): string => {
  const head = `glsa_${pick(random, base62, 32)}`;
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(head));
  return `${head}_${sum.toString('hex')}`;
};
const jwt = (random: Random): string =>
  [
    b64url(JSON.stringify({ alg: 'HS256', typ: 'JWT' })),
    b64url(JSON.stringify({ sub: pick(random, digits, 10), name: 'Jo', iat: 1516239022 })),
    pick(random, url64, 43),
  ].join('.');

type Make = (random: Random) => string;
const plain =
  (prefix: string, from: string, count: number, suffix = ''): Make =>
  (random) =>
    prefix + pick(random, from, count) + suffix;

/** Tokens by the variable they usually stand in. */
const providers: readonly (readonly [name: string, make: Make])[] = [
  ['ANTHROPIC_API_KEY', (r) => `sk-ant-api03-${pick(r, url64, 93)}AA`],
  ['ANTHROPIC_ADMIN_KEY', (r) => `sk-ant-admin01-${pick(r, url64, 93)}AA`],
  ['OPENAI_API_KEY', (r) => `sk-${pick(r, base62, 20)}T3BlbkFJ${pick(r, base62, 20)}`],
  ['OPENAI_PROJECT_KEY', (r) => `sk-proj-${pick(r, url64, 74)}T3BlbkFJ${pick(r, url64, 74)}`],
  ['OPENAI_SERVICE_KEY', (r) => `sk-svcacct-${pick(r, url64, 58)}T3BlbkFJ${pick(r, url64, 58)}`],
  ['OPENAI_ADMIN_KEY', (r) => `sk-admin-${pick(r, url64, 58)}T3BlbkFJ${pick(r, url64, 58)}`],
  ['OPENROUTER_API_KEY', plain('sk-or-v1-', hex, 64)],
  ['DEEPSEEK_API_KEY', plain('sk-', hex, 32)],
  ['GOOGLE_API_KEY', plain('AIza', url64, 35)],
  ['GOOGLE_CLIENT_SECRET', plain('GOCSPX-', url64, 28)],
  ['GOOGLE_ACCESS_TOKEN', plain('ya29.a0A', url64, 180)],
  ['GITHUB_TOKEN', (r) => checked('ghp_', r)],
  ['GITHUB_OAUTH', (r) => checked('gho_', r)],
  ['GH_USER_TO_SERVER', (r) => checked('ghu_', r)],
  ['GH_INSTALLATION', (r) => checked('ghs_', r)],
  ['GH_REFRESH', (r) => checked('ghr_', r)],
  ['GITHUB_PAT', (r) => `github_pat_${pick(r, base62, 22)}_${pick(r, base62, 59)}`],
  ['GITLAB_TOKEN', plain('glpat-', url64, 20)],
  ['GITLAB_ROUTABLE_TOKEN', (r) => `glpat-${pick(r, url64, 27)}.01.${pick(r, digits + lower, 9)}`],
  ['GITLAB_DEPLOY', plain('gldt-', url64, 20)],
  ['GITLAB_RUNNER', plain('glrt-', url64, 20)],
  ['GITLAB_TRIGGER', plain('glptt-', hex, 40)],
  ['AWS_ACCESS_KEY_ID', plain('AKIA', base32, 16)],
  ['AWS_STS_KEY_ID', plain('ASIA', base32, 16)],
  ['AZURE_CLIENT_SECRET', (r) => `${pick(r, base62, 3)}8Q~${pick(r, `${url64}.~`, 33)}${pick(r, base62, 1)}`],
  ['SLACK_BOT_TOKEN', (r) => `xoxb-${pick(r, digits, 12)}-${pick(r, digits, 13)}-${pick(r, base62, 24)}`],
  [
    'SLACK_USER_TOKEN',
    (r) => `xoxp-${pick(r, digits, 12)}-${pick(r, digits, 12)}-${pick(r, digits, 12)}-${pick(r, hex, 32)}`,
  ],
  ['SLACK_APP_TOKEN', (r) => `xapp-1-A${pick(r, crockford, 10)}-${pick(r, digits, 13)}-${pick(r, hex, 64)}`],
  [
    'SLACK_WEBHOOK',
    (r) =>
      `https://hooks.slack.com/services/T${pick(r, crockford, 8)}/B${pick(r, crockford, 10)}/${pick(r, base62, 24)}`,
  ],
  ['STRIPE_SECRET_KEY', plain('sk_live_', base62, 99)],
  ['STRIPE_TEST_KEY', plain('sk_test_', base62, 24)],
  ['STRIPE_RESTRICTED', plain('rk_live_', base62, 24)],
  ['STRIPE_WEBHOOK', plain('whsec_', base62, 32)],
  ['NPM_TOKEN', (r) => checked('npm_', r)],
  ['PYPI_TOKEN', plain('pypi-AgEIcHlwaS5vcmc', url64, 150)],
  ['GEM_HOST_API_KEY', plain('rubygems_', hex, 48)],
  ['CARGO_REGISTRY_TOKEN', plain('cio', base62, 32)],
  ['NUGET_API_KEY', plain('oy2', lower.replace(/[aeiou]/g, '') + digits, 43)],
  ['DOCKER_PAT', plain('dckr_pat_', url64, 27)],
  ['HF_TOKEN', plain('hf_', base62, 34)],
  ['DATABRICKS_TOKEN', plain('dapi', hex, 32)],
  ['DIGITALOCEAN_TOKEN', plain('dop_v1_', hex, 64)],
  ['DOPPLER_TOKEN', plain('dp.pt.', base62, 43)],
  ['HEROKU_API_KEY', (r) => `HRKU-AA${pick(r, url64, 58)}`],
  ['LINEAR_API_KEY', plain('lin_api_', base62, 40)],
  ['NOTION_TOKEN', plain('ntn_', base62, 46)],
  ['FIGMA_TOKEN', plain('figd_', url64, 40)],
  ['GRAFANA_TOKEN', grafana],
  ['VAULT_TOKEN', plain('hvs.', url64, 90)],
  ['VAULT_BATCH', plain('hvb.', url64, 140)],
  ['TFE_TOKEN', (r) => `${pick(r, base62, 14)}.atlasv1.${pick(r, base62, 67)}`],
  ['PULUMI_ACCESS_TOKEN', plain('pul-', hex, 40)],
  ['PLANETSCALE_TOKEN', plain('pscale_tkn_', url64, 43)],
  ['POSTMAN_API_KEY', (r) => `PMAK-${pick(r, hex, 24)}-${pick(r, hex, 34)}`],
  ['NEW_RELIC_API_KEY', plain('NRAK-', upper + digits, 27)],
  [
    'SENTRY_AUTH_TOKEN',
    (r) => `sntrys_${b64(`{"iat":17000${pick(r, digits, 5)}.1,"url":"https://sentry.io"}`)}_${pick(r, std64, 43)}`,
  ],
  ['SENTRY_USER_TOKEN', plain('sntryu_', hex, 64)],
  ['SUPABASE_TOKEN', plain('sbp_', hex, 40)],
  ['SHOPIFY_TOKEN', plain('shpat_', hex, 32)],
  ['SQUARE_TOKEN', plain('sq0atp-', url64, 22)],
  ['SENDGRID_API_KEY', (r) => `SG.${pick(r, url64, 22)}.${pick(r, url64, 43)}`],
  ['MAILGUN_KEY', plain('key-', hex, 32)],
  ['MAILCHIMP_KEY', plain('', hex, 32, '-us14')],
  ['TWILIO_API_KEY', plain('SK', hex, 32)],
  ['TELEGRAM_BOT_TOKEN', (r) => `${pick(r, '123456789', 10)}:AA${pick(r, url64, 33)}`],
  ['DISCORD_TOKEN', (r) => `MT${pick(r, base62, 22)}.G${pick(r, base62, 5)}.${pick(r, url64, 38)}`],
  ['DISCORD_WEBHOOK', (r) => `https://discord.com/api/webhooks/${pick(r, '123456789', 18)}/${pick(r, url64, 68)}`],
  [
    'TEAMS_WEBHOOK',
    (r) =>
      `https://acme.webhook.office.com/webhookb2/${uuid(r)}@${uuid(r)}/IncomingWebhook/${pick(r, hex, 32)}/${uuid(r)}`,
  ],
  ['ATLASSIAN_TOKEN', (r) => `ATATT3xFfGF0${pick(r, url64, 160)}=${pick(r, hex, 8).toUpperCase()}`],
  ['BITBUCKET_APP_PASSWORD', plain('ATBB', base62, 32)],
  ['DROPBOX_TOKEN', plain('sl.B', url64, 135)],
  ['AIRTABLE_PAT', (r) => `pat${pick(r, base62, 14)}.${pick(r, hex, 64)}`],
  ['GROQ_API_KEY', plain('gsk_', base62, 52)],
  ['PERPLEXITY_API_KEY', plain('pplx-', base62, 48)],
  ['XAI_API_KEY', plain('xai-', base62, 80)],
  ['REPLICATE_API_TOKEN', plain('r8_', base62, 37)],
  ['FACEBOOK_TOKEN', plain('EAAC', base62, 150)],
  ['ALIBABA_KEY_ID', plain('LTAI5t', base62, 18)],
  ['AGE_KEY', plain('AGE-SECRET-KEY-1', bech32, 58)],
  ['SERVICE_JWT', jwt],
  ['NETLIFY_TOKEN', plain('nfp_', base62, 36)],
  ['LAUNCHDARKLY_KEY', (r) => `sdk-${uuid(r)}`],
  ['FLY_API_TOKEN', (r) => `fo1_${pick(r, url64, 43)}`],
  ['CLOUDFLARE_API_TOKEN', plain('', url64, 40)],
  ['VERCEL_TOKEN', plain('', base62, 24)],
  ['DATADOG_API_KEY', plain('', hex, 32)],
  ['CIRCLECI_TOKEN', (r) => `CCIPAT_${pick(r, base62, 22)}_${pick(r, hex, 40)}`],
  ['BUILDKITE_TOKEN', plain('bkua_', hex, 40)],
  ['RENDER_API_KEY', plain('rnd_', base62, 32)],
  ['AZURE_DEVOPS_PAT', plain('', lower + '234567', 52)],
];
/** These have no prefix and are known only by what stands beside them. */
const nameless = /^(?:CLOUDFLARE_API_TOKEN|VERCEL_TOKEN|DATADOG_API_KEY|AZURE_DEVOPS_PAT)$/;

type Context = (token: string, name: string) => string;
/** The name of the secret, or a header that means one, stands beside it. */
const named: readonly Context[] = [
  (t, n) => `# local\nPORT=3000\n${n}=${t}\nDEBUG=1\n`,
  (t, n) => `export ${n}="${t}"\nmake deploy\n`,
  (t, n) => `const ${n.toLowerCase().replace(/_(\w)/g, (_, c: string) => c.toUpperCase())} = '${t}';\n`,
  (t, n) => JSON.stringify({ region: 'eu', [n.toLowerCase()]: t, retries: 3 }, null, 2),
  (t, n) => `service:\n  ${n.toLowerCase()}: ${t}\n  replicas: 2\n`,
  (t) => `GET /v1/items HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: Bearer ${t}\r\nAccept: */*\r\n\r\n`,
  (t, n) => `    environment:\n      - NODE_ENV=production\n      - ${n}=${t}\n    ports:\n      - 80:80\n`,
  (t, n) => `kind: Secret\napiVersion: v1\ndata:\n  ${n.toLowerCase()}: ${b64(t)}\n`,
  (t, n) => `variable "x" {}\nprovider "acme" {\n  ${n.toLowerCase()} = "${t}"\n}\n`,
  (t, n) => `docker run -d --name api -e ${n}=${t} acme/api:1.2\n`,
  (t, n) => `<appSettings>\n  <add key="${n}" value="${t}" />\n</appSettings>\n`,
  (t, n) => `        - name: ${n}\n          value: ${t}\n        - name: TZ\n          value: UTC\n`,
  (t, n) => `os.environ["${n}"] = "${t}"\n`,
  (t, n) => `{"msg":"env","body":"{\\"${n.toLowerCase()}\\":\\"${t}\\",\\"n\\":1}"}\n`,
];
/** Nothing beside the secret says what it is. */
const bare: readonly Context[] = [
  (t) => `2026-03-01T10:00:00Z DEBUG upstream call with ${t} took 31ms\n`,
  (t) => `Please try again, what I pasted was ${t}. Thanks!\n`,
  (t) => JSON.stringify({ text: `found it:\n${t}\tok` }),
  (t) => `Use \`${t}\` for the staging cluster.\n`,
  (t) => `Error: 401\n    at login (${t})\n    at process (node:internal/x:1:2)\n`,
  (t) => `id,owner,value\n1,alice,${t},2024\n`,
  (t) => `\u001b[32m${t}\u001b[0m\n`,
  (t) => `diff --git a/x b/x\n-  "value": "${t}",\n+  "value": "",\n`,
  (t) => `%7B%22v%22%3A%22${t}%22%7D`,
  (t) => `| staging | ${t} | eu |\n`,
  (t) => `login(user, "${t}")\n`,
  (t) => `: 1700000000:0;./deploy ${t} --now\n`,
];

const hashOf = (text: string): number => crc32(text);

const fromProviders = (): SecretSample[] =>
  providers.flatMap(([name, make], index) => {
    const contexts = nameless.test(name)
      ? [0, 5].map((step) => named[(index + step) % named.length])
      : [named[index % named.length], bare[index % bare.length]];
    return contexts.flatMap((context, which) => {
      const token = make(seeded(hashOf(`${name}${which}`)));
      const text = context?.(token, name) ?? '';
      const shown = text.includes(token) ? token : b64(token);
      return [{ id: `${name} in context ${which}`, text, secrets: [shown] }];
    });
  });

interface Parts {
  r: Random;
  pw: string;
  b62: (count: number) => string;
  hex: (count: number) => string;
  ghp: string;
  ant: string;
}
const parts = (id: string): Parts => {
  const r = seeded(hashOf(id));
  return {
    r,
    pw: `${pick(r, upper, 1)}${pick(r, lower, 4)}${pick(r, '!#%*^', 1)}${pick(r, digits, 3)}${pick(r, base62, 3)}`,
    b62: (count) => pick(r, base62, count),
    hex: (count) => pick(r, hex, count),
    ghp: checked('ghp_', r),
    ant: `sk-ant-api03-${pick(r, url64, 93)}AA`,
  };
};
type Written = readonly [id: string, make: (p: Parts) => readonly [text: string, ...secrets: string[]]];

const assignments: readonly Written[] = [
  ['js object password', ({ pw }) => [`const db = { user: 'app', password: '${pw}', port: 5432 };`, pw]],
  [
    'ts typed constant',
    ({ b62 }) => {
      const v = b62(32);
      return [`export const apiKey: string = "${v}";`, v];
    },
  ],
  [
    'go constant',
    ({ b62 }) => {
      const v = b62(40);
      return [`const secretKey = "${v}"`, v];
    },
  ],
  ['go short variable', ({ pw }) => [`\tpassword := "${pw}"\n`, pw]],
  ['go struct field', ({ pw }) => [`cfg := Config{Host: "db", Password: "${pw}"}`, pw]],
  [
    'rust constant',
    ({ b62 }) => {
      const v = b62(24);
      return [`const API_KEY: &str = "${v}";`, v];
    },
  ],
  ['java field', ({ pw }) => [`    private static final String DB_PASSWORD = "${pw}";`, pw]],
  ['java setter', ({ pw }) => [`dataSource.setPassword("${pw}");`, pw]],
  [
    'kotlin val',
    ({ b62 }) => {
      const v = b62(28);
      return [`val clientSecret: String = "${v}"`, v];
    },
  ],
  ['csharp property', ({ pw }) => [`public string Password { get; set; } = "${pw}";`, pw]],
  ['csharp initialiser', ({ pw }) => [`new NetworkCredential { UserName = "svc", Password = "${pw}" }`, pw]],
  ['php define', ({ pw }) => [`define('DB_PASSWORD', '${pw}');`, pw]],
  ['php array', ({ pw }) => [`return ['username' => 'root', 'password' => '${pw}'];`, pw]],
  [
    'wordpress salt',
    ({ r }) => {
      const v = pick(r, `${base62}!@#%^*()[]{}|~`, 64);
      return [`define( 'AUTH_KEY',         '${v}' );`, v];
    },
  ],
  ['ruby hash', ({ pw }) => [`conn = PG.connect(host: 'db', password: '${pw}')`, pw]],
  [
    'ruby rocket',
    ({ b62 }) => {
      const v = b62(20);
      return [`{ :secret_key => "${v}" }`, v];
    },
  ],
  [
    'rails secret key base',
    ({ hex: h }) => {
      const v = h(128);
      return [`production:\n  secret_key_base: ${v}\n`, v];
    },
  ],
  ['python keyword argument', ({ pw }) => [`conn = psycopg2.connect(host="db", user="app", password="${pw}")`, pw]],
  [
    'python django',
    ({ r }) => {
      const v = `django-insecure-${pick(r, `${lower}${digits}@#%^&*(-_=+)`, 50)}`;
      return [`SECRET_KEY = '${v}'\n`, v];
    },
  ],
  [
    'python fallback',
    ({ b62 }) => {
      const v = b62(20);
      return [`TOKEN = os.getenv("SERVICE_TOKEN", "${v}")`, v];
    },
  ],
  [
    'js fallback',
    ({ b62 }) => {
      const v = b62(20);
      return [`const secret = process.env.JWT_SECRET || '${v}';`, v];
    },
  ],
  ['js nullish fallback', ({ pw }) => [`const pass = env.DB_PASSWORD ?? "${pw}"`, pw]],
  [
    'swift let',
    ({ hex: h }) => {
      const v = h(32);
      return [`let apiKey = "${v}"`, v];
    },
  ],
  [
    'objective c',
    ({ hex: h }) => {
      const v = h(40);
      return [`static NSString *const kApiSecret = @"${v}";`, v];
    },
  ],
  ['c array', ({ pw }) => [`static const char wifi_password[] = "${pw}";`, pw]],
  ['c define', ({ pw }) => [`#define WIFI_PASSWORD "${pw}"`, pw]],
  ['perl', ({ pw }) => [`my $password = '${pw}';`, pw]],
  ['lua', ({ pw }) => [`local password = "${pw}"`, pw]],
  ['powershell', ({ pw }) => [`$Password = ConvertTo-SecureString "${pw}" -AsPlainText -Force`, pw]],
  ['batch', ({ pw }) => [`set DB_PASSWORD=${pw.replace(/[%^]/g, '!')}\r\n`, pw.replace(/[%^]/g, '!')]],
  [
    'fish',
    ({ b62 }) => {
      const v = b62(30);
      return [`set -gx API_TOKEN ${v}`, v];
    },
  ],
  ['sql create user', ({ pw }) => [`CREATE USER app WITH PASSWORD '${pw}';`, pw]],
  ['sql identified by', ({ pw }) => [`CREATE USER 'app'@'%' IDENTIFIED BY '${pw}';`, pw]],
  ['sql alter role', ({ pw }) => [`ALTER ROLE app PASSWORD '${pw}' VALID UNTIL 'infinity';`, pw]],
  [
    'yaml bare',
    ({ pw }) => [
      `database:\n  user: app\n  password: ${pw.replace(/[#%*]/g, '!')}\n  name: x\n`,
      pw.replace(/[#%*]/g, '!'),
    ],
  ],
  ['yaml bare word and number', () => ['redis:\n  password: marmalade77\n', 'marmalade77']],
  ['yaml quoted', ({ pw }) => [`  smtp_password: "${pw}"\n`, pw]],
  [
    'yaml comment after',
    ({ b62 }) => {
      const v = b62(22);
      return [`  auth_token: ${v} # rotate in May\n`, v];
    },
  ],
  ['yaml dict in flow style', ({ pw }) => [`db: {user: app, password: "${pw}"}\n`, pw]],
  [
    'toml',
    ({ b62 }) => {
      const v = b62(32);
      return [`[auth]\nclient_secret = "${v}"\n`, v];
    },
  ],
  ['ini', ({ pw }) => [`[mysqld]\nuser = root\npassword = ${pw.replace('#', '!')}\n`, pw.replace('#', '!')]],
  ['properties', ({ pw }) => [`spring.datasource.password=${pw}\nspring.datasource.url=jdbc:h2:mem\n`, pw]],
  ['xml element', ({ pw }) => [`<server><id>nexus</id><password>${pw}</password></server>`, pw]],
  ['xml attribute', ({ pw }) => [`<user name="admin" password="${pw}" roles="manager"/>`, pw]],
  ['json nested', ({ pw }) => [JSON.stringify({ db: { host: 'x', password: pw } }), pw]],
  ['json in json', ({ pw }) => [JSON.stringify({ body: JSON.stringify({ user: 'a', password: pw }) }), pw]],
  [
    'json in json in json',
    ({ pw }) => [JSON.stringify({ x: JSON.stringify({ body: JSON.stringify({ passwd: pw }) }) }), pw],
  ],
  ['json name and value', ({ pw }) => [JSON.stringify({ env: [{ name: 'DB_PASSWORD', value: pw }] }), pw]],
  ['env single quotes', ({ pw }) => [`REDIS_PASSWORD='${pw}'`, pw]],
  ['env letters only', () => ['POSTGRES_USER=app\nPOSTGRES_PASSWORD=mosquitonetting\n', 'mosquitonetting']],
  ['env digits only', () => ['ADMIN_PASSWORD=84620173\n', '84620173']],
  [
    'env with an equals sign',
    ({ b62 }) => {
      const v = `${b62(43)}=`;
      return [`SESSION_SECRET=${v}\n`, v];
    },
  ],
  [
    'env base64 key',
    ({ r }) => {
      const v = `${pick(r, std64, 43)}=`;
      return [`APP_KEY=base64:${v}\n`, v];
    },
  ],
  [
    'dockerfile env',
    ({ b62 }) => {
      const v = b62(24);
      return [`FROM node:20\nENV API_SECRET=${v}\n`, v];
    },
  ],
  [
    'dockerfile env with a space',
    ({ b62 }) => {
      const v = b62(24);
      return [`ENV API_SECRET ${v}\n`, v];
    },
  ],
  [
    'dockerfile arg',
    ({ b62 }) => {
      const v = b62(24);
      return [`ARG NPM_AUTH_TOKEN=${v}\n`, v];
    },
  ],
  [
    'npmrc',
    ({ r }) => {
      const v = uuid(r);
      return [`//registry.example.com/:_authToken=${v}\n`, v];
    },
  ],
  [
    'npmrc password',
    ({ pw }) => {
      const v = b64(pw);
      return [`//registry.example.com/:_password="${v}"\n`, v];
    },
  ],
  [
    'npmrc auth',
    ({ pw }) => {
      const v = b64(`admin:${pw}`);
      return [`_auth=${v}\n`, v];
    },
  ],
  ['netrc', ({ pw }) => [`machine api.example.com\n  login me\n  password ${pw}\n`, pw]],
  [
    'netrc on one line',
    ({ hex: h }) => {
      const v = h(40);
      return [`machine api.example.com login me password ${v}\n`, v];
    },
  ],
  ['pgpass', ({ pw }) => [`db.example.com:5432:app:app_user:${pw.replace(':', '')}\n`, pw]],
  [
    'git credentials',
    ({ hex: h }) => {
      const v = h(40);
      return [`https://me:${v}@git.example.com\n`, v];
    },
  ],
  [
    'docker config',
    ({ pw }) => {
      const v = b64(`me:${pw}`);
      return [JSON.stringify({ auths: { 'r.example.com': { auth: v } } }), v];
    },
  ],
  [
    'aws credentials file',
    ({ r }) => {
      const v = pick(r, std64, 40);
      return [`[default]\naws_secret_access_key = ${v}\nregion = eu-west-1\n`, v];
    },
  ],
  [
    'aws secret in code',
    ({ r }) => {
      const v = pick(r, std64, 40);
      return [`new S3({ secretAccessKey: "${v}" })`, v];
    },
  ],
  [
    'aws session token',
    ({ r }) => {
      const v = `IQoJb3JpZ2luX2Vj${pick(r, std64, 200)}=`;
      return [`AWS_SESSION_TOKEN=${v}\n`, v];
    },
  ],
  [
    'gcp service account',
    ({ hex: h, r }) => {
      const k = pick(r, std64, 64);
      return [
        JSON.stringify({
          type: 'service_account',
          private_key_id: h(40),
          private_key: `-----BEGIN PRIVATE KEY-----\n${k}\n-----END PRIVATE KEY-----\n`,
        }),
        k,
      ];
    },
  ],
  [
    'kubeconfig',
    ({ r }) => {
      const v = pick(r, std64, 400);
      return [`users:\n- name: admin\n  user:\n    client-key-data: ${v}\n`, v];
    },
  ],
  [
    'helm values',
    ({ pw }) => [
      `postgresql:\n  auth:\n    postgresPassword: ${pw.replace(/[#%*]/g, '!')}\n`,
      pw.replace(/[#%*]/g, '!'),
    ],
  ],
  ['ansible', ({ pw }) => [`ansible_become_pass: "${pw}"`, pw]],
  ['ansible ini', ({ pw }) => [`web1 ansible_host=10.0.0.1 ansible_ssh_pass=${pw} ansible_user=root`, pw]],
  ['terraform variable', ({ pw }) => [`variable "db_password" {\n  type    = string\n  default = "${pw}"\n}`, pw]],
  [
    'terraform state',
    ({ pw }) => [JSON.stringify({ attributes: { master_password: pw, master_username: 'root' } }, null, 2), pw],
  ],
  ['terraform log', ({ pw }) => [`  + master_password = "${pw}"\n`, pw]],
  [
    'github actions',
    ({ b62 }) => {
      const v = b62(36);
      return [`      - run: ./x\n        env:\n          DEPLOY_TOKEN: ${v}\n`, v];
    },
  ],
  ['log with fields', ({ pw }) => [`level=info msg="login" user=jo password=${pw} ip=10.0.0.1\n`, pw]],
  ['log of a map', ({ pw }) => [`INFO config: map[host:db password:${pw} user:app]\n`, pw]],
  ['python repr', ({ pw }) => [`DEBUG {'user': 'app', 'password': '${pw}', 'db': None}`, pw]],
  ['java toString', ({ pw }) => [`User{name='jo', password='${pw}', id=3}`, pw]],
  [
    'stack trace',
    ({ pw }) => [`Error: connect failed {"host":"db","password":"${pw}"}\n    at Pool.x (pool.js:1:2)\n`, pw],
  ],
  ['prose with a colon', ({ pw }) => [`The admin password is: ${pw}\n`, pw]],
  ['prose with is', ({ pw }) => [`hey, the password is ${pw} – change it please\n`, pw]],
  ['markdown table', ({ pw }) => [`| user | jo |\n| password | ${pw} |\n`, pw]],
  ['password with spaces', () => ['passphrase: "lantern gravel otter seventeen"\n', 'lantern gravel otter seventeen']],
  ['password with a quote', () => ['password = "ab\\"c9!kd-x"', 'ab\\"c9!kd-x']],
  ['password with a comma in json', () => ['{"password":"a,b;c{9}d e1"}', 'a,b;c{9}d e1']],
  [
    'upper-case header field',
    ({ b62 }) => {
      const v = b62(32);
      return [`'X-API-KEY': '${v}',`, v];
    },
  ],
  [
    'oauth client secret in a form',
    ({ b62 }) => {
      const v = b62(32);
      return [`grant_type=client_credentials&client_id=app&client_secret=${v}&scope=all`, v];
    },
  ],
  [
    'encryption key in hex',
    ({ hex: h }) => {
      const v = h(64);
      return [`ENCRYPTION_KEY=${v}`, v];
    },
  ],
  [
    'signing secret',
    ({ hex: h }) => {
      const v = h(32);
      return [`signingSecret: '${v}',`, v];
    },
  ],
  ['numbered name', ({ pw }) => [`DB_PASSWORD_2=${pw}\n`, pw]],
  [
    'name with environment',
    ({ b62 }) => {
      const v = b62(32);
      return [`API_KEY_PROD: '${v}'`, v];
    },
  ],
  [
    'two on a line',
    ({ b62, pw }) => {
      const v = b62(32);
      return [`{ apiKey: '${v}', password: '${pw}' }`, v, pw];
    },
  ],
  ['html input', ({ pw }) => [`<input type="password" name="password" value="${pw}">`, pw]],
  ['mongo shell', ({ pw }) => [`db.createUser({ user: "a", pwd: "${pw}", roles: [] })`, pw]],
  ['redis conf', ({ pw }) => [`requirepass ${pw}\n`, pw]],
  ['redis auth', ({ pw }) => [`127.0.0.1:6379> AUTH ${pw}\nOK\n`, pw]],
  ['wpa supplicant', ({ pw }) => [`network={\n  ssid="home"\n  psk="${pw}"\n}`, pw]],
  ['vault write', ({ pw }) => [`vault kv put secret/db password=${pw} user=app`, pw]],
  ['cypress env', ({ pw }) => [`cy.get('#password').type('${pw}')`, pw]],
];

const connections: readonly Written[] = [
  [
    'postgres url',
    ({ pw }) => {
      const v = pw.replace(/[#%^]/g, '!');
      return [`DATABASE_URL=postgres://app:${v}@db.example.com:5432/app?sslmode=require`, v];
    },
  ],
  [
    'postgres url in code',
    ({ b62 }) => {
      const v = b62(16);
      return [`const pool = new Pool({ connectionString: 'postgresql://app:${v}@10.0.0.5/app' });`, v];
    },
  ],
  [
    'mysql url',
    ({ b62 }) => {
      const v = b62(14);
      return [`mysql://root:${v}@localhost:3306/shop`, v];
    },
  ],
  [
    'mongodb srv',
    ({ b62 }) => {
      const v = b62(16);
      return [`mongodb+srv://admin:${v}@cluster0.ab1cd.mongodb.net/test`, v];
    },
  ],
  [
    'redis url without user',
    ({ b62 }) => {
      const v = b62(24);
      return [`redis://:${v}@cache:6379/0`, v];
    },
  ],
  [
    'amqp url',
    ({ b62 }) => {
      const v = b62(12);
      return [`amqps://svc:${v}@mq.example.com/vhost`, v];
    },
  ],
  [
    'sqlalchemy url',
    ({ b62 }) => {
      const v = b62(12);
      return [`engine = create_engine("mysql+pymysql://u:${v}@db/x")`, v];
    },
  ],
  ['percent-encoded password', () => ['postgres://u:p%40ss%2Fw0rd9@db/x', 'p%40ss%2Fw0rd9']],
  ['password with an at sign', () => ['postgres://u:h0rse@fly7x@db.example.com/x', 'h0rse@fly7x']],
  ['short password', () => ['ftp://jo:k4tze@files.example.com/', 'k4tze']],
  [
    'git remote',
    ({ b62 }) => {
      const v = b62(40);
      return [`origin\thttps://oauth2:${v}@gitlab.example.com/a/b.git (fetch)`, v];
    },
  ],
  [
    'token as user',
    ({ hex: h }) => {
      const v = h(40);
      return [`git clone https://${v}@git.example.com/a/b.git`, v];
    },
  ],
  [
    'token as user before x-oauth-basic',
    ({ hex: h }) => {
      const v = h(40);
      return [`git clone https://${v}:x-oauth-basic@github.com/a/b.git`, v];
    },
  ],
  [
    'ado connection string',
    ({ pw }) => [`"Server=tcp:db.example.com,1433;Database=x;User ID=sa;Password=${pw};Encrypt=True;"`, pw],
  ],
  ['ado short names', ({ pw }) => [`Data Source=db;Initial Catalog=x;uid=sa;pwd=${pw};`, pw]],
  ['jdbc', ({ pw }) => [`jdbc:sqlserver://db:1433;databaseName=x;user=sa;password=${pw};encrypt=true`, pw]],
  [
    'jdbc query',
    ({ b62 }) => {
      const v = b62(12);
      return [`jdbc:mysql://db/x?user=root&password=${v}&useSSL=false`, v];
    },
  ],
  [
    'oracle',
    ({ b62 }) => {
      const v = b62(10);
      return [`sqlplus scott/${v}@//db.example.com:1521/ORCL`, v];
    },
  ],
  [
    'azure storage',
    ({ r }) => {
      const v = `${pick(r, std64, 86)}==`;
      return [`DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=${v};EndpointSuffix=core.windows.net`, v];
    },
  ],
  [
    'azure service bus',
    ({ r }) => {
      const v = `${pick(r, std64, 43)}=`;
      return [`Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=${v}`, v];
    },
  ],
  [
    'azure sas',
    ({ r }) => {
      const v = encodeURIComponent(`${pick(r, std64, 43)}=`);
      return [`https://acme.blob.core.windows.net/c/f?sv=2022-11-02&se=2026-12-01&sp=r&sig=${v}`, v];
    },
  ],
  [
    'aws presigned',
    ({ hex: h }) => {
      const v = h(64);
      return [
        `https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=300&X-Amz-Signature=${v}`,
        v,
      ];
    },
  ],
  [
    'sentry dsn',
    ({ hex: h }) => {
      const v = h(32);
      return [`SENTRY_DSN=https://${v}@o12345.ingest.sentry.io/67890`, v];
    },
  ],
  ['dsn in key and value', ({ pw }) => [`host=db port=5432 user=app password='${pw}' dbname=x`, pw]],
  [
    'psycopg dsn',
    ({ b62 }) => {
      const v = b62(12);
      return [`psycopg2.connect("host=db user=app password=${v} dbname=x")`, v];
    },
  ],
  [
    'smtp url',
    ({ b62 }) => {
      const v = b62(14);
      return [`MAILER_DSN=smtp://jo%40example.com:${v}@smtp.example.com:587`, v];
    },
  ],
  [
    'proxy',
    ({ b62 }) => {
      const v = b62(10);
      return [`HTTPS_PROXY=http://corp:${v}@proxy:8080`, v];
    },
  ],
];

const requests: readonly Written[] = [
  [
    'basic header',
    ({ pw }) => {
      const v = b64(`jo:${pw}`);
      return [`Authorization: Basic ${v}\r\n`, v];
    },
  ],
  [
    'lower-case bearer',
    ({ b62 }) => {
      const v = b62(40);
      return [`> authorization: bearer ${v}`, v];
    },
  ],
  [
    'token scheme',
    ({ hex: h }) => {
      const v = h(40);
      return [`curl -H "Authorization: token ${v}" https://git.example.com/api`, v];
    },
  ],
  [
    'header in code',
    ({ b62 }) => {
      const v = b62(36);
      return [`fetch(url, { headers: { Authorization: 'Bearer ${v}' } })`, v];
    },
  ],
  [
    'header in code with backticks',
    ({ b62 }) => {
      const v = b62(36);
      return [`headers: { "authorization": \`Bearer ${v}\` }`, v];
    },
  ],
  [
    'no scheme',
    ({ b62 }) => {
      const v = b62(36);
      return [`authorization: ${v}\n`, v];
    },
  ],
  [
    'proxy authorization',
    ({ pw }) => {
      const v = b64(`u:${pw}`);
      return [`Proxy-Authorization: Basic ${v}`, v];
    },
  ],
  [
    'x-api-key',
    ({ b62 }) => {
      const v = b62(32);
      return [`X-Api-Key: ${v}\r\n`, v];
    },
  ],
  [
    'apikey header',
    ({ hex: h }) => {
      const v = h(32);
      return [`< apikey: ${v}`, v];
    },
  ],
  [
    'x-auth-token',
    ({ hex: h }) => {
      const v = h(32);
      return [`X-Auth-Token: ${v}`, v];
    },
  ],
  [
    'private-token',
    ({ b62 }) => {
      const v = b62(20);
      return [`PRIVATE-TOKEN: ${v}`, v];
    },
  ],
  [
    'cookie',
    ({ hex: h }) => {
      const v = h(32);
      return [`Cookie: theme=dark; sessionid=${v}; lang=en\r\n`, v];
    },
  ],
  [
    'set-cookie',
    ({ b62 }) => {
      const v = `s%3A${b62(32)}.${b62(43)}`;
      return [`Set-Cookie: connect.sid=${v}; Path=/; HttpOnly`, v];
    },
  ],
  [
    'php session',
    ({ b62 }) => {
      const v = b62(26).toLowerCase();
      return [`curl -b 'PHPSESSID=${v}' https://x`, v];
    },
  ],
  [
    'cookie in har',
    ({ b62 }) => {
      const v = b62(40);
      return [JSON.stringify({ name: 'Cookie', value: `_app_session=${v}` }), v];
    },
  ],
  [
    'query api_key',
    ({ hex: h }) => {
      const v = h(32);
      return [`GET /data/2.5/weather?q=Bern&appid=${v}&units=metric`, v];
    },
  ],
  [
    'query token',
    ({ b62 }) => {
      const v = b62(24);
      return [`https://ci.example.com/build?token=${v}`, v];
    },
  ],
  [
    'query key',
    ({ b62 }) => {
      const v = b62(30);
      return [`"GET /maps?key=${v}&v=3 HTTP/1.1" 200`, v];
    },
  ],
  [
    'fragment access token',
    ({ b62 }) => {
      const v = b62(64);
      return [`https://app.example.com/cb#access_token=${v}&expires_in=3600`, v];
    },
  ],
  [
    'oauth code',
    ({ b62 }) => {
      const v = b62(43);
      return [`POST /token\r\n\r\ngrant_type=refresh_token&refresh_token=${v}`, v];
    },
  ],
  [
    'query password',
    ({ b62 }) => {
      const v = b62(9);
      return [`http://cam.local/cgi?user=admin&password=${v}`, v];
    },
  ],
  [
    'token response',
    ({ b62 }) => {
      const v = b62(64);
      return [`{"token_type":"bearer","access_token":"${v}","expires_in":3600}`, v];
    },
  ],
  [
    'aws4 header',
    ({ hex: h }) => {
      const v = h(64);
      return [
        `Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/eu/s3/aws4_request, SignedHeaders=host, Signature=${v}`,
        v,
      ];
    },
  ],
  [
    'json api headers',
    ({ b62 }) => {
      const v = b62(32);
      return [JSON.stringify({ headers: { 'x-goog-api-key': v } }), v];
    },
  ],
  [
    'headers set',
    ({ b62 }) => {
      const v = b62(32);
      return [`req.headers.set('X-Api-Key', '${v}');`, v];
    },
  ],
  ['python requests auth', ({ pw }) => [`requests.get(url, auth=("jo", "${pw}"))`, pw]],
];

const shell: readonly Written[] = [
  [
    'password flag',
    ({ pw }) => [`mytool login --password ${pw.replace(/[!#*^]/g, '+')} --host x`, pw.replace(/[!#*^]/g, '+')],
  ],
  ['password flag with equals', ({ pw }) => [`mytool --password=${pw} run`, pw]],
  ['password flag quoted', ({ pw }) => [`mytool --password '${pw}' run`, pw]],
  [
    'token flag',
    ({ b62 }) => {
      const v = b62(32);
      return [`gh-cli deploy --token ${v}`, v];
    },
  ],
  [
    'api key flag',
    ({ hex: h }) => {
      const v = h(32);
      return [`dd-agent --api-key=${v} install`, v];
    },
  ],
  [
    'curl user',
    ({ pw }) => [`curl -u jo:${pw.replace(/[!#*^]/g, '.')} https://api.example.com`, pw.replace(/[!#*^]/g, '.')],
  ],
  ['curl user quoted', ({ pw }) => [`curl -s --user 'admin:${pw}' https://nexus.example.com`, pw]],
  [
    'curl user at the end',
    ({ b62 }) => {
      const v = b62(24);
      return [`curl https://api.example.com/v1 -u ${v}:`, v];
    },
  ],
  [
    'curl data',
    ({ pw }) => [`curl -d 'user=jo&password=${pw.replace(/[%^#]/g, '!')}' https://x`, pw.replace(/[%^#]/g, '!')],
  ],
  ['curl json', ({ pw }) => [`curl -d '{"user":"jo","password":"${pw}"}' https://x`, pw]],
  [
    'mysql glued',
    ({ b62 }) => {
      const v = b62(12);
      return [`mysql -uroot -p${v} -h db shop < dump.sql`, v];
    },
  ],
  ['sshpass', ({ pw }) => [`sshpass -p '${pw}' ssh root@10.0.0.1`, pw]],
  ['pgpassword', ({ pw }) => [`PGPASSWORD=${pw} psql -h db -U app`, pw]],
  [
    'docker login',
    ({ b62 }) => {
      const v = b62(16);
      return [`docker login -u jo -p ${v} r.example.com`, v];
    },
  ],
  ['echo to stdin', ({ pw }) => [`echo '${pw}' | docker login -u jo --password-stdin`, pw]],
  [
    'redis cli',
    ({ b62 }) => {
      const v = b62(16);
      return [`redis-cli -h cache -a ${v} ping`, v];
    },
  ],
  ['openssl pass', ({ pw }) => [`openssl enc -aes-256-cbc -pass pass:${pw} -in a -out b`, pw]],
  [
    'htpasswd',
    ({ b62 }) => {
      const v = b62(10);
      return [`htpasswd -b .htpasswd jo ${v}`, v];
    },
  ],
  [
    'wget',
    ({ b62 }) => {
      const v = b62(10);
      return [`wget --http-user=jo --http-password=${v} http://x`, v];
    },
  ],
  ['kubectl create secret', ({ pw }) => [`kubectl create secret generic db --from-literal=password=${pw}`, pw]],
  [
    'gh secret',
    ({ b62 }) => {
      const v = b62(40);
      return [`gh secret set DEPLOY_TOKEN --body "${v}"`, v];
    },
  ],
  [
    'aws configure',
    ({ r }) => {
      const v = pick(r, std64, 40);
      return [`aws configure set aws_secret_access_key ${v}`, v];
    },
  ],
  [
    'npm config',
    ({ b62 }) => {
      const v = b62(36);
      return [`npm config set //r.example.com/:_authToken ${v}`, v];
    },
  ],
  [
    'inline variable',
    ({ b62 }) => {
      const v = b62(30);
      return [`$ API_TOKEN=${v} node index.js`, v];
    },
  ],
  ['history line', ({ pw }) => [`  412  export SMTP_PASSWORD=${pw}\n  413  ls\n`, pw]],
  [
    'process list',
    ({ b62 }) => {
      const v = b62(24);
      return [`root  1021  0.0  /usr/bin/agent --auth-token=${v} --foreground`, v];
    },
  ],
];

const fold = (text: string, width: number, indent = ''): string =>
  (text.match(new RegExp(`.{1,${width}}`, 'gs')) ?? []).map((line) => indent + line).join('\n');
const halves = (text: string, at = Math.floor(text.length / 2)): [string, string] => [
  text.slice(0, at),
  text.slice(at),
];

const split: readonly Written[] = [
  [
    'js plus',
    ({ ghp }) => {
      const [a, b] = halves(ghp);
      return [`const t = '${a}' +\n  '${b}';`, a, b];
    },
  ],
  [
    'js plus first',
    ({ ghp }) => {
      const [a, b] = halves(ghp, 9);
      return [`const t = "${a}"\n  + "${b}"\n`, a, b];
    },
  ],
  [
    'js three pieces',
    ({ ant }) => {
      const [a, b] = halves(ant, 30);
      const [c, d] = halves(b, 40);
      return [`x('${a}' +\n '${c}' +\n '${d}')`, a, c, d];
    },
  ],
  [
    'python adjacent',
    ({ ghp }) => {
      const [a, b] = halves(ghp);
      return [`t = ("${a}"\n     "${b}")`, a, b];
    },
  ],
  [
    'php dot',
    ({ ghp }) => {
      const [a, b] = halves(ghp);
      return [`$t = '${a}' . '${b}';`, a, b];
    },
  ],
  [
    'one-line plus',
    ({ ghp }) => {
      const [a, b] = halves(ghp, 4);
      return [`const t = "${a}" + "${b}"`, b];
    },
  ],
  [
    'shell backslash',
    ({ ant }) => {
      const [a, b] = halves(ant);
      return [`export KEY=${a}\\\n${b}\n`, a, b];
    },
  ],
  [
    'shell adjacent quotes',
    ({ ghp }) => {
      const [a, b] = halves(ghp);
      return [`TOKEN='${a}'"${b}"\n`, a, b];
    },
  ],
  [
    'yaml folded',
    ({ ant }) => {
      const [a, b] = halves(ant);
      return [`secret:\n  value: >-\n    ${a}\n    ${b}\n  next: 1\n`, a, b];
    },
  ],
  [
    'yaml folded named',
    ({ b62 }) => {
      const a = b62(30);
      const b = b62(30);
      return [`api_key: >-\n  ${a}\n  ${b}\nnext: 1\n`, a, b];
    },
  ],
  ['yaml literal', ({ pw }) => [`password: |\n  ${pw}\nuser: x\n`, pw]],
  [
    'yaml double-quoted over lines',
    ({ b62 }) => {
      const a = b62(30);
      const b = b62(30);
      return [`auth_token: "${a}\\\n  ${b}"\n`, a, b];
    },
  ],
  [
    'terminal at 80 columns',
    ({ ant }) => {
      const line = `the key in use at the moment is ${ant}`;
      const [a, b] = [line.slice(0, 80), line.slice(80)];
      return [`${a}\n${b}\nok\n`, a.slice(32), b];
    },
  ],
  [
    'terminal at 40 columns',
    ({ ghp }) => {
      const line = `GITHUB_TOKEN=${ghp}`;
      return [`${line.slice(0, 40)}\n${line.slice(40)}\n`, line.slice(13, 40), line.slice(40)];
    },
  ],
  [
    'jwt at 64 columns',
    ({ r }) => {
      const lines = fold(jwt(r), 64).split('\n');
      return [`token: \n${lines.join('\n')}\n\nend`, ...lines];
    },
  ],
  [
    'mail quoted-printable',
    ({ ghp }) => {
      const [a, b] = halves(ghp);
      return [`use ${a}=\n${b} please`, a, b];
    },
  ],
  [
    'password plus',
    ({ b62 }) => {
      const a = b62(8);
      const b = b62(8);
      return [`password = "${a}" + "${b}"`, a, b];
    },
  ],
  [
    'java plus',
    ({ b62 }) => {
      const a = b62(20);
      const b = b62(20);
      return [`String apiKey = "${a}"\n    + "${b}";`, a, b];
    },
  ],
  [
    'quoted reply',
    ({ ant }) => {
      const [a, b] = halves(ant, 60);
      return [`> our key:\n> ${a}\n> ${b}\n`, a, b];
    },
  ],
  [
    'diff lines',
    ({ ghp }) => {
      const [a, b] = halves(ghp);
      return [`+const t = '${a}' +\n+  '${b}';\n`, a, b];
    },
  ],
  [
    'array join',
    ({ ghp }) => {
      const [a, b] = halves(ghp);
      return [`const t = ['${a}', '${b}'].join('')`, a, b];
    },
  ],
  [
    'base64 at 76 columns',
    ({ ghp, ant }) => {
      const lines = fold(b64(`GITHUB_TOKEN=${ghp}\nANTHROPIC_API_KEY=${ant}\n`), 76).split('\n');
      return [`$ base64 .env\n${lines.join('\n')}\n$`, ...lines];
    },
  ],
  [
    'base64 at 64 columns, indented',
    ({ ghp, ant }) => {
      const lines = fold(b64(`GITHUB_TOKEN=${ghp}\nANTHROPIC_API_KEY=${ant}\n`), 64).split('\n');
      return [`data:\n  env: |\n${lines.map((l) => `    ${l}`).join('\n')}\n`, ...lines];
    },
  ],
];

const wrapped: readonly Written[] = [
  [
    'kubernetes data',
    ({ pw }) => {
      const v = b64(pw);
      return [`kind: Secret\ndata:\n  password: ${v}\n`, v];
    },
  ],
  [
    'base64 of a token',
    ({ ghp }) => {
      const v = b64(ghp);
      return [`decoded from ${v} just now`, v];
    },
  ],
  [
    'base64 of an assignment',
    ({ pw }) => {
      const v = b64(`DB_HOST=db\nDB_PASSWORD=${pw}\n`);
      return [`echo ${v} | base64 -d > .env`, v];
    },
  ],
  [
    'base64 of json',
    ({ pw }) => {
      const v = b64(JSON.stringify({ user: 'jo', password: pw }));
      return [`payload=${v}`, v];
    },
  ],
  [
    'base64 url-safe',
    ({ ant }) => {
      const v = b64url(JSON.stringify({ key: ant, q: '???>>>' }));
      return [`https://x.example.com/s/${v}`, v];
    },
  ],
  [
    'base64 of base64',
    ({ ghp }) => {
      const v = b64(b64(ghp));
      return [`x: ${v}`, v];
    },
  ],
  [
    'base64 of a url',
    ({ b62 }) => {
      const v = b64(`postgres://app:${b62(16)}@db/app`);
      return [`  url: ${v}\n`, v];
    },
  ],
  [
    'base64 of a private key',
    ({ r }) => {
      const v = b64(`-----BEGIN PRIVATE KEY-----\n${pick(r, std64, 64)}\n-----END PRIVATE KEY-----\n`);
      return [`tls.key: ${v}`, v];
    },
  ],
  [
    'cloud-init',
    ({ pw }) => {
      const v = b64(`#cloud-config\nchpasswd:\n  list: |\n    root:${pw}\npassword: ${pw}\n`);
      return [`user_data = "${v}"`, v];
    },
  ],
  [
    'url-encoded token',
    ({ r }) => {
      const v = encodeURIComponent(`${pick(r, std64, 43)}=`);
      return [`access_token=${v}&x=1`, v];
    },
  ],
];

const pem = (kind: string, body: readonly string[]): string =>
  `-----BEGIN ${kind}-----\n${body.join('\n')}\n-----END ${kind}-----`;
const keyLines = (r: Random, count: number): string[] => Array.from({ length: count }, () => pick(r, std64, 64));

const keys: readonly Written[] = [
  [
    'rsa',
    ({ r }) => {
      const k = keyLines(r, 8);
      return [`${pem('RSA PRIVATE KEY', k)}\n`, ...k];
    },
  ],
  [
    'ec',
    ({ r }) => {
      const k = keyLines(r, 3);
      return [pem('EC PRIVATE KEY', k), ...k];
    },
  ],
  [
    'openssh',
    ({ r }) => {
      const k = keyLines(r, 6);
      return [`cat ~/.ssh/id_ed25519\n${pem('OPENSSH PRIVATE KEY', k)}\n$ `, ...k];
    },
  ],
  [
    'encrypted',
    ({ r }) => {
      const k = keyLines(r, 5);
      return [pem('ENCRYPTED PRIVATE KEY', k), ...k];
    },
  ],
  [
    'with headers',
    ({ r }) => {
      const k = keyLines(r, 4);
      return [pem('RSA PRIVATE KEY', ['Proc-Type: 4,ENCRYPTED', 'DEK-Info: AES-128-CBC,0011', '', ...k]), ...k];
    },
  ],
  [
    'pgp',
    ({ r }) => {
      const k = keyLines(r, 6);
      return [pem('PGP PRIVATE KEY BLOCK', ['Version: GnuPG v2', '', ...k, '=aB3d']), ...k];
    },
  ],
  [
    'putty',
    ({ r }) => {
      const k = keyLines(r, 3);
      return [
        `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: k\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 3\n${k.join('\n')}\nPrivate-MAC: 00ff\n`,
        ...k,
      ];
    },
  ],
  [
    'indented in yaml',
    ({ r }) => {
      const k = keyLines(r, 4);
      return [
        `tls:\n  key: |\n${pem('PRIVATE KEY', k)
          .split('\n')
          .map((l) => `    ${l}`)
          .join('\n')}\n  x: 1\n`,
        ...k,
      ];
    },
  ],
  [
    'escaped in json',
    ({ r }) => {
      const k = keyLines(r, 4);
      return [JSON.stringify({ key: pem('PRIVATE KEY', k) }), ...k];
    },
  ],
  [
    'escaped twice',
    ({ r }) => {
      const k = keyLines(r, 4);
      return [JSON.stringify(JSON.stringify({ key: pem('PRIVATE KEY', k) })), ...k];
    },
  ],
  [
    'on one line of an env file',
    ({ r }) => {
      const k = keyLines(r, 4);
      return [`KEY="${pem('PRIVATE KEY', k).replace(/\n/g, '\\n')}"\n`, ...k];
    },
  ],
  [
    'unterminated',
    ({ r }) => {
      const k = keyLines(r, 5);
      return [`-----BEGIN RSA PRIVATE KEY-----\n${k.join('\n')}\n`, ...k];
    },
  ],
  [
    'cut off in json',
    ({ r }) => {
      const k = keyLines(r, 5);
      return [`{"key":"-----BEGIN RSA PRIVATE KEY-----\\n${k.join('\\n')}`, ...k];
    },
  ],
  [
    'spaces for line ends',
    ({ r }) => {
      const k = keyLines(r, 3);
      return [`KEY=-----BEGIN PRIVATE KEY----- ${k.join(' ')} -----END PRIVATE KEY-----`, ...k];
    },
  ],
  [
    'concatenated in java',
    ({ r }) => {
      const k = keyLines(r, 3);
      return [
        `String k = "-----BEGIN PRIVATE KEY-----\\n" +\n${k.map((l) => `    "${l}\\n" +`).join('\n')}\n    "-----END PRIVATE KEY-----";`,
        ...k,
      ];
    },
  ],
  [
    'windows line ends',
    ({ r }) => {
      const k = keyLines(r, 4);
      return [pem('PRIVATE KEY', k).replace(/\n/g, '\r\n'), ...k];
    },
  ],
  [
    'in a diff',
    ({ r }) => {
      const k = keyLines(r, 4);
      return [
        pem('PRIVATE KEY', k)
          .split('\n')
          .map((l) => `+${l}`)
          .join('\n'),
        ...k,
      ];
    },
  ],
];

const written = (group: string, samples: readonly Written[]): SecretSample[] =>
  samples.map(([name, make]) => {
    const id = `${group}: ${name}`;
    const [text, ...secrets] = make(parts(id));
    return { id, text, secrets };
  });

/** Every sample. */
export const secretSamples: readonly SecretSample[] = [
  ...fromProviders(),
  ...written('assignment', assignments),
  ...written('connection', connections),
  ...written('request', requests),
  ...written('shell', shell),
  ...written('split', split),
  ...written('wrapped', wrapped),
  ...written('key', keys),
];

const sha = (count: number, seed: number): string => pick(seeded(seed), hex, count);

/** Texts that look like secrets and are none. */
export const ordinaryTexts: readonly string[] = [
  `commit ${sha(40, 1)}\nAuthor: Jo <jo@example.com>\n`,
  `Merge: ${sha(7, 2)} ${sha(7, 3)}\n`,
  `"integrity": "sha512-${pick(seeded(4), std64, 86)}==",`,
  `<script src="x.js" integrity="sha384-${pick(seeded(5), std64, 64)}" crossorigin></script>`,
  `"requestId": "${uuid(seeded(6))}"`,
  `id: ${uuid(seeded(7))}`,
  `FROM node@sha256:${sha(64, 8)}`,
  `go.sum: golang.org/x/text v0.3.0 h1:${pick(seeded(9), std64, 43)}=`,
  `url("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA${pick(seeded(10), std64, 300)}")`,
  `.css-${pick(seeded(11), lower + digits, 7)} { color: red }`,
  `<div class="sc-${pick(seeded(12), base62, 6)} ${pick(seeded(13), base62, 6)}">`,
  'function a(b,c){return b?c(b):function(d){return d&&d.e}}var f=a(1,2);',
  'interface Login { user: string; password: string; token?: string }',
  'password: z.string().min(8).max(100),',
  'const token = process.env.GITHUB_TOKEN;',
  'const apiKey = config.get("apiKey");',
  'password = os.environ["DB_PASSWORD"]',
  'token = getToken()',
  'this.secret = options.secret;',
  'const { password, apiKey } = await loadSecrets(context);',
  'api_key: ${API_KEY}',
  'password: {{ .Values.db.password }}',
  'token: ${{ secrets.GITHUB_TOKEN }}',
  'DB_PASSWORD=<your-password>',
  'API_KEY=your_api_key_here',
  'OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
  `GITHUB_TOKEN=ghp_${'x'.repeat(36)}`,
  'AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE',
  'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  'password: ********',
  'Authorization: Bearer <token>',
  'Authorization: Bearer $TOKEN',
  'curl -u "$USER:$PASSWORD" https://api.example.com',
  'postgres://user:${DB_PASSWORD}@localhost/db',
  'postgres://user:password@localhost:5432/db',
  'https://registry.npmjs.org/@types/node/-/node-20.19.43.tgz',
  'Enter your password: ',
  '"password": "Password must be at least 8 characters",',
  "errors: { password: 'is required' }",
  'if (password !== confirmPassword) throw new Error("Passwords do not match");',
  '<input type="password" name="password" placeholder="Password" autocomplete="current-password">',
  'const SECRET_NAME = "projects/p/secrets/db-password/versions/latest";',
  'key: "ArrowDown"',
  'localStorage.getItem("token")',
  'maxTokens: 4096, inputTokens: 123456789',
  'tokenizer: "o200k_base"',
  'primaryKey: "user_id", foreignKey: "account_id"',
  'export type Token = "identifier" | "number" | "punctuation";',
  'case SyntaxKind.PrivateKeyword: return parseModifier();',
  `-----BEGIN CERTIFICATE-----\n${keyLines(seeded(14), 4).join('\n')}\n-----END CERTIFICATE-----`,
  `-----BEGIN PUBLIC KEY-----\n${keyLines(seeded(15), 2).join('\n')}\n-----END PUBLIC KEY-----`,
  `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${pick(seeded(16), base62, 43)} jo@host`,
  `ETag: "${sha(32, 17)}"`,
  `traceparent: 00-${sha(32, 18)}-${sha(16, 19)}-01`,
  `/* sourceMappingURL=data:application/json;base64,${b64('{"version":3,"sources":["a.js"],"mappings":"AAAA"}')} */`,
  'password_hash_rounds: 12\nsecret_name: db-credentials\nsecretKeyRef:\n  name: db\n  key: password\n',
  'The token [redacted:github-token:1a2b3c4d] was revoked; password = "[redacted]".',
  'at Object.<anonymous> (/srv/app/node_modules/@acme/token-service/dist/index.js:102:33)',
  'sk-estimator-for-learning-tasks and risk-assessment-of-the-year-2024',
  'mat-form-field class="mdc-text-field--outlined mat-mdc-form-field-type-mat-input"',
];
