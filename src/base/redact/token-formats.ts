import { crc32, inBase62, looksRandom, makeOf } from './randomness.ts';

/** What a check says: surely a token, probably one, or none. */
export type Verdict = 'high' | 'medium' | 'none';

/** One documented token format. */
export interface TokenFormat {
  rule: string;
  /** How it begins, literally: at least two characters. */
  prefix: string;
  /** What follows, as a regular expression. */
  body: string;
  check: (token: string) => Verdict;
  /** The prefix alone says enough to look for the rest on the next line or in the next string. */
  joins: boolean;
}

const sure = (): Verdict => 'high';
const ifRandom =
  (leastChars: number, from = 0) =>
  (token: string): Verdict =>
    looksRandom(token.slice(from), leastChars) ? 'medium' : 'none';
/** A distinctive prefix and a body that is not a word: two kinds of characters, or a good many different ones. */
const mixed =
  (from: number) =>
  (token: string): Verdict => {
    const { digits, lower, upper, distinct, stretch } = makeOf(token.slice(from));
    return digits > 0 || (lower && upper && stretch < (from > 4 ? 8 : 4)) || distinct > 16 ? 'high' : 'none';
  };
const checksummed =
  (from: number) =>
  (token: string): Verdict => {
    const body = token.slice(from, from + 30);
    if (token.length === from + 36 && inBase62(crc32(body)) === token.slice(from + 30)) return 'high';
    return mixed(from)(token) === 'none' ? 'none' : 'medium';
  };
const grafanaSum = (token: string): Verdict => {
  const sum = crc32(token.slice(0, -9));
  const bytes = [sum & 255, (sum >>> 8) & 255, (sum >>> 16) & 255, sum >>> 24];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('') === token.slice(-8) ? 'high' : 'medium';
};
const decodesToJson = (token: string): Verdict => {
  try {
    const head: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
    return head !== null && typeof head === 'object' && ('alg' in head || 'enc' in head) ? 'high' : 'none';
  } catch {
    return 'none';
  }
};

const end = '(?![A-Za-z0-9])';
const word = '[A-Za-z0-9_-]';
const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

type Row = readonly [
  rule: string,
  prefix: string | readonly string[],
  body: string,
  check?: (token: string) => Verdict,
];

// Formats are facts of their issuers, from their documentation as known on 2026-11-27; the host in the comment says whose.
const rows: readonly Row[] = [
  ['anthropic-key', 'sk-ant-', `${word}{20,200}`], // docs.anthropic.com
  ['openrouter-key', 'sk-or-v1-', `[0-9a-f]{64}${end}`], // openrouter.ai/docs
  ['openai-key', ['sk-proj-', 'sk-svcacct-', 'sk-admin-', 'sk-None-'], `${word}{20,300}`], // platform.openai.com
  ['openai-key', 'sk-', `${word}{20,120}`, ifRandom(20, 3)], // OpenAI's older keys; others copied the prefix
  ['google-api-key', 'AIza', `${word}{35}(?!${word})`, mixed(4)], // cloud.google.com/docs/authentication/api-keys
  ['google-client-secret', 'GOCSPX-', `${word}{28}`],
  ['google-access-token', 'ya29.', `${word}{20,2048}`], // developers.google.com/identity
  ['google-refresh-token', '1//0', `${word}{40,200}`],
  // github.blog/engineering, "Behind GitHub's new authentication token formats": CRC-32 in base 62 in the last six
  ['github-token', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], '[A-Za-z0-9]{36,251}', checksummed(4)],
  ['github-token', 'github_pat_', '[A-Za-z0-9_]{22,244}'],
  // docs.gitlab.com/security/tokens, "Token prefixes"
  [
    'gitlab-token',
    [
      'glpat-',
      'gldt-',
      'glrt-',
      'glcbt-',
      'glptt-',
      'glft-',
      'glimt-',
      'glagent-',
      'gloas-',
      'glsoat-',
      'glffct-',
      'GR1348941',
    ],
    `${word}{20,200}(?:\\.[0-9a-z]{2}\\.[0-9a-z]{7,12})?`,
    mixed(5),
  ],
  ['aws-access-key-id', ['AKIA', 'ASIA', 'ABIA', 'ACCA'], `[A-Z0-9]{16}(?![A-Za-z0-9])`], // docs.aws.amazon.com/IAM, "Unique identifiers"
  ['aws-session-token', ['IQoJb3JpZ2lu', 'FwoGZXIvYXdz'], '[A-Za-z0-9+/]{80,2048}={0,2}'],
  ['aws-bedrock-key', ['ABSKQmVkcm9ja0FQSUtleS', 'bedrock-api-key-'], '[A-Za-z0-9+/=]{60,2048}'],
  [
    'slack-token',
    ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xoxc-', 'xoxd-', 'xoxe.xoxp-', 'xoxe.xoxb-', 'xapp-'],
    '[A-Za-z0-9%-]{10,260}',
    mixed(5),
  ], // api.slack.com/authentication/token-types
  ['stripe-key', ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'sk_org_'], '[A-Za-z0-9]{16,260}', mixed(8)], // docs.stripe.com/keys
  ['stripe-webhook-secret', 'whsec_', '[A-Za-z0-9+/]{24,100}={0,2}', mixed(6)],
  ['npm-token', 'npm_', `[A-Za-z0-9]{36}${end}`, checksummed(4)], // github.blog/changelog 2021-09-23
  ['pypi-token', 'pypi-', `(?:AgEI|AgEN)${word}{50,1000}`], // pypi.org/help
  ['rubygems-key', 'rubygems_', `[0-9a-f]{48}${end}`], // guides.rubygems.org
  ['crates-token', 'cio', `[A-Za-z0-9]{32}${end}`, ifRandom(35)], // doc.rust-lang.org/cargo
  ['nuget-key', 'oy2', `[a-z0-9]{43}${end}`, ifRandom(46)], // learn.microsoft.com/nuget
  ['docker-token', ['dckr_pat_', 'dckr_oat_'], `${word}{20,64}`], // docs.docker.com
  ['hugging-face-token', ['hf_', 'api_org_'], `[A-Za-z0-9]{34,40}${end}`, mixed(3)], // huggingface.co/docs/hub
  ['databricks-token', ['dapi', 'dose', 'dkea'], `[0-9a-f]{32}(?:-\\d)?${end}`], // docs.databricks.com
  ['digitalocean-token', ['dop_v1_', 'doo_v1_', 'dor_v1_'], `[0-9a-f]{64}${end}`], // docs.digitalocean.com
  [
    'doppler-token',
    ['dp.pt.', 'dp.st.', 'dp.ct.', 'dp.sa.', 'dp.scim.', 'dp.audit.'],
    '(?:[a-z0-9_-]{2,35}\\.)?[A-Za-z0-9]{40,44}',
  ], // docs.doppler.com
  ['heroku-key', 'HRKU-', `${word}{36,80}`], // devcenter.heroku.com
  ['linear-key', ['lin_api_', 'lin_oauth_'], '[A-Za-z0-9]{32,80}'], // linear.app/developers
  ['notion-token', 'ntn_', '[A-Za-z0-9]{40,60}', mixed(4)], // developers.notion.com
  ['notion-token', 'secret_', `[A-Za-z0-9]{43}${end}`, mixed(7)],
  ['figma-token', ['figd_', 'figo_', 'figu_'], `${word}{36,60}`], // figma.com/developers
  ['grafana-token', 'glsa_', `[A-Za-z0-9]{32}_[0-9a-fA-F]{8}${end}`, grafanaSum], // grafana.com/docs, service accounts: CRC-32, little-endian
  ['grafana-token', 'glc_', '[A-Za-z0-9+/=]{32,400}'],
  ['vault-token', ['hvs.', 'hvb.', 'hvr.'], `${word}{24,300}`, mixed(4)], // developer.hashicorp.com/vault
  ['pulumi-token', 'pul-', `[0-9a-f]{40}${end}`], // pulumi.com/docs
  ['planetscale-token', ['pscale_tkn_', 'pscale_pw_', 'pscale_oauth_'], `${word}{32,64}`], // planetscale.com/docs
  ['postman-key', 'PMAK-', `[0-9a-f]{24}-[0-9a-f]{34}${end}`], // learning.postman.com
  ['new-relic-key', ['NRAK-', 'NRAL-', 'NRII-', 'NRJS-'], '[A-Za-z0-9_-]{19,40}', mixed(5)], // docs.newrelic.com
  ['sentry-token', 'sntrys_', '[A-Za-z0-9+/=_-]{40,400}'], // docs.sentry.io
  ['sentry-token', 'sntryu_', `[0-9a-f]{64}${end}`],
  ['supabase-token', ['sbp_', 'sbp_oauth_'], `[0-9a-f]{40}${end}`], // supabase.com/docs
  ['supabase-key', 'sb_secret_', `${word}{20,60}`],
  ['shopify-token', ['shpat_', 'shpca_', 'shppa_', 'shpss_', 'shptka_'], `[0-9a-fA-F]{32}${end}`], // shopify.dev
  ['square-token', ['sq0atp-', 'sq0csp-', 'sq0idp-'], `${word}{22,60}`], // developer.squareup.com
  ['square-token', 'EAAA', `${word}{60}(?!${word})`, mixed(4)],
  ['sendgrid-key', 'SG.', `${word}{16,32}\\.${word}{32,64}`], // docs.sendgrid.com
  ['mailgun-key', 'key-', `[0-9a-f]{32}${end}`], // documentation.mailgun.com
  ['brevo-key', ['xkeysib-', 'xsmtpsib-'], '[0-9a-f]{64}-[A-Za-z0-9]{16}'],
  ['twilio-key', ['SK', 'AC'], `[0-9a-f]{32}${end}`, ifRandom(32, 2)], // twilio.com/docs/iam/api-keys
  ['teams-webhook', 'webhookb2/', `${uuid}@${uuid}/IncomingWebhook/[0-9a-f]{32}/${uuid}[A-Za-z0-9_/-]{0,80}`], // learn.microsoft.com
  [
    'slack-webhook',
    ['hooks.slack.com/services/', 'hooks.slack.com/workflows/', 'hooks.slack.com/triggers/'],
    '[A-Za-z0-9/]{20,120}',
    mixed(25),
  ], // api.slack.com/messaging/webhooks
  ['discord-webhook', ['discord.com/api/webhooks/', 'discordapp.com/api/webhooks/'], `\\d{16,20}/${word}{60,80}`], // discord.com/developers
  [
    'discord-token',
    ['MT', 'MD', 'MG', 'MN', 'MH', 'Mz', 'ND', 'NT', 'NE', 'NG', 'NH', 'NjA', 'OD', 'OT', 'OT', 'Nz', 'OG', 'OE'],
    `${word}{20,26}\\.${word}{6}\\.${word}{27,45}`,
    ifRandom(50),
  ],
  ['atlassian-token', ['ATATT3', 'ATCTT3', 'ATSTT3'], `${word}{60,400}(?:=[0-9A-F]{8})?`], // support.atlassian.com
  ['bitbucket-password', 'ATBB', `[A-Za-z0-9]{28,40}${end}`, mixed(4)],
  ['dropbox-token', 'sl.', `${word}{120,2048}`, mixed(3)], // dropbox.com/developers
  ['airtable-token', 'pat', `[A-Za-z0-9]{14}\\.[0-9a-f]{64}${end}`], // airtable.com/developers
  ['groq-key', 'gsk_', `[A-Za-z0-9]{48,60}${end}`], // console.groq.com/docs
  ['perplexity-key', 'pplx-', '[A-Za-z0-9]{40,60}', mixed(5)], // docs.perplexity.ai
  ['xai-key', 'xai-', '[A-Za-z0-9]{70,90}'], // docs.x.ai
  ['replicate-token', 'r8_', `[A-Za-z0-9]{37,40}${end}`, mixed(3)], // replicate.com/docs
  ['facebook-token', 'EAA', '[A-Za-z0-9]{80,400}', mixed(3)], // developers.facebook.com
  ['alibaba-key-id', 'LTAI', `[A-Za-z0-9]{16,26}${end}`, mixed(4)], // alibabacloud.com/help
  ['tencent-secret-id', 'AKID', `[A-Za-z0-9]{32}${end}`, mixed(4)],
  ['age-key', 'AGE-SECRET-KEY-1', `[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}${end}`], // age-encryption.org/v1
  [
    'jwt',
    'eyJ',
    `[A-Za-z0-9_=-]{10,2048}\\.(?:${word}{10,8192}\\.${word}{10,2048}|${word}{0,1024}\\.${word}{10,8192}\\.${word}{10,8192}\\.${word}{10,2048})`,
    decodesToJson,
  ], // RFC 7515, RFC 7516
  ['netlify-token', ['nfp_', 'nfc_', 'nfo_', 'nfu_'], '[A-Za-z0-9]{36,60}', mixed(4)], // docs.netlify.com
  ['launchdarkly-key', ['sdk-', 'api-', 'mob-'], `${uuid}${end}`], // launchdarkly.com/docs
  ['fly-token', ['fo1_', 'fm2_', 'fm1r_', 'fm1a_'], '[A-Za-z0-9+/=_-]{40,2048}', mixed(4)], // fly.io/docs
  ['vercel-token', ['vcp_', 'vci_', 'vca_', 'vcr_', 'vck_'], `[A-Za-z0-9]{24,80}`, mixed(4)], // vercel.com/docs
  ['vercel-blob-token', 'vercel_blob_rw_', '[A-Za-z0-9_]{30,80}'],
  ['cloudflare-token', ['cfut_', 'cfat_', 'cfk_'], '[A-Za-z0-9]{40,60}', mixed(5)], // developers.cloudflare.com
  ['cloudflare-origin-key', 'v1.0-', '[0-9a-f]{24}-[0-9a-f]{100,180}'],
  ['circleci-token', ['CCIPAT_', 'CCIPRJ_'], '[A-Za-z0-9]{20,24}_[0-9a-f]{40}'], // circleci.com/docs
  ['buildkite-token', ['bkua_', 'bkct_', 'bkpat_'], `[0-9a-f]{40}${end}`], // buildkite.com/docs
  ['render-key', 'rnd_', `[A-Za-z0-9]{28,40}${end}`, mixed(4)], // render.com/docs
  ['okta-token', 'SSWS ', `[A-Za-z0-9_-]{40,44}`],
  [
    'tailscale-key',
    ['tskey-auth-', 'tskey-api-', 'tskey-client-', 'tskey-scim-', 'tskey-webhook-'],
    '[A-Za-z0-9-]{20,100}',
  ], // tailscale.com/kb
  ['prefect-key', ['pnu_', 'pnb_'], `[A-Za-z0-9]{36}${end}`, mixed(4)],
  ['readme-key', 'rdme_', `[a-z0-9]{70}${end}`],
  ['typeform-token', 'tfp_', '[A-Za-z0-9_.=-]{40,80}'],
  ['langsmith-key', ['lsv2_pt_', 'lsv2_sk_'], '[0-9a-f]{32}_[0-9a-f]{10}'],
  ['nvidia-key', 'nvapi-', `${word}{60,70}`],
  ['1password-token', 'ops_', 'eyJ[A-Za-z0-9_-]{200,2048}={0,2}'], // developer.1password.com
  ['duffel-token', ['duffel_live_', 'duffel_test_'], `${word}{40,50}`],
  ['easypost-key', ['EZAK', 'EZTK'], `[A-Za-z0-9]{54}${end}`],
  ['flutterwave-key', ['FLWSECK-', 'FLWSECK_TEST-'], '[0-9a-zA-Z]{12,40}'],
  ['frameio-token', 'fio-u-', `${word}{60,70}`],
  ['adafruit-key', 'aio_', `[A-Za-z0-9]{28}${end}`, mixed(4)],
  ['contentful-token', 'CFPAT-', `${word}{43}`],
  ['deepgram-or-mapbox-secret', 'sk.eyJ', `${word}{60,200}\\.${word}{20,24}`], // docs.mapbox.com
  ['checkly-key', 'cu_', `[0-9a-f]{32}${end}`],
  ['ngrok-or-tinybird-token', 'p.eyJ', `${word}{30,400}\\.${word}{20,100}`],
];

/** Every format, the longest prefixes first. */
export const tokenFormats: readonly TokenFormat[] = rows
  .flatMap(([rule, prefixes, body, check = sure]) =>
    (typeof prefixes === 'string' ? [prefixes] : prefixes).map((prefix) => ({
      rule,
      prefix,
      body,
      check,
      joins: prefix.length >= 4 || prefix === 'eyJ',
    })),
  )
  .sort((a, b) => b.prefix.length - a.prefix.length);
