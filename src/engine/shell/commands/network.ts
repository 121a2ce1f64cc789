import { basename } from 'node:path';
import type { Call, Handler } from '../call.ts';
import { hostOf } from '../hosts.ts';
import { readOptions } from '../options.ts';
import { known, type Arg, type Value } from '../value.ts';
import { copyBetween, remoteHost } from './archives.ts';

const fromNet: Value = { text: undefined, fromNet: true };

const absolute = (call: Call, path: Arg): string[] =>
  path.text === undefined
    ? []
    : path.text.startsWith('/')
      ? [path.text]
      : (call.state.cwds ?? []).map((cwd) => `${cwd}/${path.text ?? ''}`);

const saves = (call: Call, path: Arg): void => {
  if (path.text === '-') return;
  call.write(path);
  for (const one of absolute(call, path)) call.scene.fetched(one);
};

const curlOptions =
  'o> output> O remote-name remote-name-all output-dir: d: data: data-ascii: data-binary: data-raw: data-urlencode: json: url-query: F: form: form-string: T: upload-file: X: request: H: header: A: user-agent: e: referer: u: user: U: proxy-user: b: cookie: c> cookie-jar> K! config! D> dump-header> stderr> trace> trace-ascii> libcurl> etag-save> etag-compare< hsts< alt-svc< E< cert< key< cacert< capath< crlfile< pinnedpubkey: proxy-cert< proxy-key< proxy-cacert< netrc-file< n netrc netrc-optional x: proxy: preproxy: socks5: socks5-hostname: socks4: socks4a: proxy-header: noproxy: connect-to: resolve: url: w: write-out: m: max-time: connect-timeout: retry: retry-delay: retry-max-time: y: speed-time: Y: speed-limit: limit-rate: z: time-cond: r: range: C: continue-at: Q! quote! t: telnet-option: max-redirs: max-filesize: ciphers: tls13-ciphers: tls-max: cert-type: key-type: pass: interface: local-port: dns-servers: doh-url: keepalive-time: oauth2-bearer: aws-sigv4: proto: proto-default: proto-redir: engine! egd-file! random-file! create-file-mode: unix-socket< abstract-unix-socket: happy-eyeballs-timeout-ms: expect100-timeout: krb: login-options: mail-from: mail-rcpt: mail-auth: service-name: rate: variable: f fail fail-with-body fail-early s silent S show-error L location location-trusted k insecure v verbose i include I head g globoff G get 0 http1.0 http1.1 http2 http3 http2-prior-knowledge 4 6 ipv4 ipv6 a append B use-ascii j junk-session-cookies J remote-header-name l list-only M manual N no-buffer p proxytunnel q disable R remote-time # progress-bar no-progress-meter Z parallel parallel-max: compressed create-dirs crlf anyauth basic digest ntlm negotiate ssl ssl-reqd tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 sslv2 sslv3 1 2 3 path-as-is post301 post302 post303 raw retry-all-errors retry-connrefused remove-on-error tcp-fastopen tcp-nodelay tr-encoding no-keepalive no-sessionid no-clobber skip-existing styled-output version V help h suppress-connect-headers disallow-username-in-url xattr';

const curl: Handler = (call) => {
  const { operands, has, values } = readOptions(call, curlOptions, { strict: true });
  const urls = [...operands, ...values('url')];
  let access: 'read' | 'write' = 'read';
  for (const data of values(
    'd',
    'data',
    'data-ascii',
    'data-binary',
    'data-urlencode',
    'json',
    'url-query',
    'variable',
    'w',
    'write-out',
    'H',
    'header',
    'proxy-header',
    'b',
    'cookie',
  )) {
    const [, file] = /^[^@=]*@([^]*)$/.exec(data.prefix) ?? [];
    if (file !== undefined && file !== '-')
      call.read({ ...data, text: data.text === undefined ? undefined : file, prefix: file });
    else if (data.text === undefined && data.prefix === '' && data.fromNet !== true)
      call.doubt(`${data.source} may name a file`);
  }
  for (const cookie of values('b', 'cookie')) if (!cookie.prefix.includes('=')) call.read(cookie);
  for (const form of values('F', 'form')) {
    for (const [, file = ''] of form.prefix.matchAll(/[=,;][@<]"?([^;,"]*)/g))
      if (file !== '-') call.read(form.text === undefined ? form : known(file));
    if (form.text === undefined && !/=[^@<]/.test(form.prefix)) call.doubt(`${form.source} may name a file`);
  }
  for (const upload of values('T', 'upload-file')) if (upload.text !== '-' && upload.text !== '.') call.read(upload);
  if (
    has(
      'd',
      'data',
      'data-ascii',
      'data-binary',
      'data-raw',
      'data-urlencode',
      'json',
      'F',
      'form',
      'form-string',
      'T',
      'upload-file',
    ) &&
    !has('G', 'get')
  )
    access = 'write';
  for (const method of values('X', 'request')) if (!/^(?:GET|HEAD|OPTIONS)$/i.test(method.text ?? '')) access = 'write';
  if (has('n', 'netrc', 'netrc-optional')) call.read(known(`${call.scene.place.home}/.netrc`));
  if (has('mail-from', 'mail-rcpt', 't', 'telnet-option')) access = 'write';
  for (const proxy of values('x', 'proxy', 'preproxy', 'socks5', 'socks5-hostname', 'socks4', 'socks4a', 'doh-url'))
    call.net(hostOf(proxy), 'write');
  for (const mapped of values('connect-to', 'resolve')) call.net(mapped.text?.split(':')[2] ?? '*', 'write');
  for (const url of urls) {
    if (/^file:/i.test(url.prefix)) {
      const path = url.prefix.replace(/^file:\/*/i, '/');
      if (url.text === undefined || /[%{}[\]]/.test(path)) call.doubt(`which file ${url.source} names is not known`);
      call.read(known(path));
      continue;
    }
    // Outside its globs curl takes anything as a host, and {a,b} for several URLs.
    call.net(hostOf(url), 'read');
    if (access === 'write') call.net(hostOf(url), 'write');
    if (url.text === undefined && url.prefix === '') call.doubt(`${url.source} may be a file`);
    if (/[{}[\]]/.test(url.prefix) && /^[^/]*[{[]/.test(url.prefix))
      call.doubt('which files or hosts it names is not known');
  }
  if (urls.length === 0 && !has('V', 'version', 'h', 'help')) call.net('*', 'read');
  const [folder] = values('output-dir');
  for (const output of values('o', 'output'))
    saves(
      call,
      folder?.text !== undefined && output.text !== undefined ? known(`${folder.text}/${output.text}`) : output,
    );
  if (has('O', 'remote-name', 'remote-name-all', 'J', 'remote-header-name')) {
    for (const url of urls) {
      const name = known(basename((url.text ?? '').replace(/[?#].*$/, '')) || '.');
      saves(call, folder?.text === undefined ? name : known(`${folder.text}/${name.text ?? ''}`));
      if (url.text === undefined || has('J', 'remote-header-name')) call.doubt('the server decides what it writes');
    }
  }
  return urls.every(({ prefix }) => /^file:/i.test(prefix)) ? undefined : fromNet;
};

const wgetOptions =
  'O> output-document> o> output-file> a> append-output> i! input-file! e! execute! config! P: directory-prefix: post-data: post-file< body-data: body-file< method: header: U: user-agent: referer: user: password: http-user: http-password: ftp-user: ftp-password: proxy-user: proxy-password: load-cookies< save-cookies> certificate< private-key< ca-certificate< ca-directory< crl-file< pinnedpubkey: secure-protocol: use-askpass! askpass! t: tries: T: timeout: w: wait: waitretry: Q: quota: limit-rate: l: level: A: accept: R: reject: D: domains: I: include-directories: X: exclude-directories: accept-regex: reject-regex: regex-type: B: base: cut-dirs: local-encoding: remote-encoding: default-page: dns-timeout: connect-timeout: read-timeout: bind-address: max-redirect: report-speed: compression: progress: restrict-file-names: rejected-log> warc-file> warc-header: warc-tempdir> warc-dedup< prefer-family: start-pos: hsts-file> ignore-tags: follow-tags: exclude-domains: random-wait q quiet v verbose nv no-verbose c continue N timestamping r recursive p page-requisites k convert-links m mirror np no-parent nc no-clobber nd no-directories nH no-host-directories x force-directories S server-response d debug b background spider no-check-certificate no-proxy no-cache no-cookies content-disposition content-on-error trust-server-names 4 6 inet4-only inet6-only E adjust-extension H span-hosts L relative n h V help version https-only show-progress auth-no-challenge no-config no-glob no-hsts no-netrc no-use-server-timestamps no-dns-cache retry-connrefused unlink xattr';

const wget: Handler = (call) => {
  const args = call.args.map((arg): Arg =>
    /^-n[vcdHp]$/.test(arg.text ?? '') ? { ...arg, text: '--quiet', prefix: '--quiet' } : arg,
  );
  const { operands, has, values } = readOptions(call, wgetOptions, { strict: true }, args);
  const writes =
    has('post-data', 'post-file', 'body-data', 'body-file') ||
    values('method').some(({ text }) => !/^(?:GET|HEAD)$/i.test(text ?? ''));
  const [folder] = values('P', 'directory-prefix');
  const outputs = values('O', 'output-document');
  for (const output of outputs) for (const path of absolute(call, output)) call.scene.fetched(path);
  const deep = has('r', 'recursive', 'm', 'mirror', 'p', 'page-requisites', 'x', 'force-directories');
  for (const url of operands) {
    call.net(hostOf(url), 'read');
    if (writes) call.net(hostOf(url), 'write');
    if (outputs.length > 0 || has('spider')) continue;
    const name = basename((url.text ?? '').replace(/[?#].*$/, '').replace(/^\w+:\/\/[^/]*\/?/, '')) || 'index.html';
    const to = folder?.text === undefined ? name : `${folder.text}/${name}`;
    if (deep) call.write(folder ?? known('.'), { deep: true });
    else saves(call, folder?.text === undefined && folder ? folder : known(to));
    if (url.text === undefined || has('content-disposition', 'trust-server-names'))
      call.doubt('the server decides what it writes');
  }
  return outputs.some(({ text }) => text === '-') ? fromNet : { text: undefined };
};

const ssh: Handler = (call) => {
  const { operands, unknown } = readOptions(
    call,
    'p: l: i< F! o: b: c: D! E> e: I! J: L: m: O: Q: R: S! W: w: B: A a C f G g K k M N n q s T t V v X x Y y 1 2 4 6',
    { strict: true, leading: true },
  );
  const [host, ...command] = operands;
  for (const [index, { prefix }] of call.args.entries()) {
    const setting = prefix === '-o' ? (call.args[index + 1]?.prefix ?? '') : (/^-o(.+)$/.exec(prefix)?.[1] ?? '');
    const named = /^\s*(?:HostName|ProxyJump)[\s=]+"?([^\s",]+)/i.exec(setting)?.[1];
    if (named === undefined) continue;
    call.net(hostOf(known(named)), 'read');
    call.net(hostOf(known(named)), 'write');
  }
  for (const option of call.args)
    if (
      /(?:ProxyCommand|LocalCommand|KnownHostsCommand|PermitLocal|Match|Include|RemoteCommand|PKCS11|SecurityKey)/i.test(
        option.prefix,
      )
    )
      call.doubt('ssh -o may run something here');
  for (const jump of call.args.filter((_, index) => call.args[index - 1]?.text === '-J'))
    call.net(hostOf(jump), 'write');
  if (unknown.length === 0 && !host) return undefined;
  const name = host ? hostOf(host) : '*';
  call.net(name, 'read');
  call.net(name, 'write');
  // What runs there is another machine's business; which command it is is not known here.
  if (command.length > 0 || host) call.program();
  return fromNet;
};

const scp: Handler = (call) => {
  const { operands } = readOptions(call, 'S! o: F! i< J: P: c: l: D! X: 3 4 6 A B C O p q R r s T v', { strict: true });
  for (const option of call.args)
    if (/ProxyCommand|LocalCommand|KnownHosts/i.test(option.prefix)) call.doubt('scp -o may run something here');
  copyBetween(call, operands, true);
  return undefined;
};

const sftp: Handler = (call) => {
  const [host] = call.args.filter(({ prefix }) => !prefix.startsWith('-'));
  call.net(host ? (remoteHost(host.text ?? '') ?? hostOf(host)) : '*', 'write');
  call.doubt('which files it moves is only known when it runs');
  return undefined;
};

const connects: Handler = (call) => {
  const { operands, has } = readOptions(
    call,
    'w: p: s: X: x: i: q: T: O: P: I: V: m: g: G: e! c! sh-exec! exec! lua-exec! ssl-cert< ssl-key< ssl-trustfile< proxy: proxy-type: proxy-auth: source: source-port: o> output> x> hex-dump> idle-timeout: wait: delay: max-conns: allow: deny: allowfile< denyfile< l listen k u z v n d N U 4 6 C t h D r b S F L E a f M W ssl udp keep-open',
  );
  const [host] = operands;
  const name = has('l', 'listen') || !host ? '*' : hostOf(host);
  call.net(name, 'read');
  call.net(name, 'write');
  return fromNet;
};

const socat: Handler = (call) => {
  call.net('*', 'read');
  call.net('*', 'write');
  call.doubt('socat connects anything with anything');
  return fromNet;
};

/** Programs that only ask: names, routes, whether a host answers. */
const asks: Handler = (call) => {
  for (const arg of call.args)
    if (!arg.prefix.startsWith('-') && !arg.prefix.startsWith('+'))
      call.net(hostOf(arg.prefix.startsWith('@') ? known(arg.prefix.slice(1)) : arg), 'read');
  // A name asked for can carry data out.
  if (call.args.some(({ text }) => text === undefined)) call.net('*', 'write');
  if (call.args.some(({ prefix }) => prefix.startsWith('-f'))) call.doubt('it asks for names that stand in a file');
  return undefined;
};

const http: Handler = (call) => {
  const words = call.args.filter(({ prefix }) => !prefix.startsWith('-'));
  const method = /^[A-Z]+$/.test(words[0]?.text ?? '') ? words.shift()?.text : undefined;
  const [url, ...items] = words;
  const host = url ? hostOf(url) : '*';
  call.net(host, 'read');
  const sends = items.some(({ prefix }) => /[=@]/.test(prefix) && !prefix.includes('==')) || call.stdin.piped;
  if (sends || (method !== undefined && !/^(?:GET|HEAD)$/.test(method))) call.net(host, 'write');
  for (const item of items) {
    const [, file] = /^[^:=@]*(?::?=)?@([^]*)$/.exec(item.prefix) ?? [];
    if (file !== undefined) call.read(item.text === undefined ? item : known(file));
  }
  if (call.args.some(({ prefix }) => /^(?:-o|--output|-d|--download|--session|--cert|--pretty)/.test(prefix)))
    call.program();
  return fromNet;
};

/** Programs that talk to other machines. */
export const networkers: Readonly<Record<string, Handler>> = {
  curl,
  wget,
  wget2: wget,
  ssh,
  scp,
  sftp,
  ftp: sftp,
  tftp: sftp,
  nc: connects,
  ncat: connects,
  netcat: connects,
  telnet: connects,
  socat,
  ping: asks,
  ping6: asks,
  dig: asks,
  host: asks,
  nslookup: asks,
  traceroute: asks,
  whois: asks,
  'ssh-keyscan': asks,
  'ssh-copy-id': (call) => {
    call.net('*', 'write');
    call.doubt('it logs in elsewhere');
    return undefined;
  },
  nmap: asks,
  getent: (call) =>
    /^(?:ahosts|ahostsv4|ahostsv6|hosts|netgroup)$/.test(call.args[0]?.text ?? '') ? asks(call) : undefined,
  xh: http,
  xhs: http,
  http,
  https: http,
  aria2c: (call) => {
    call.program();
    for (const arg of call.args) if (/^\w+:\/\//.test(arg.prefix)) call.net(hostOf(arg), 'read');
    return undefined;
  },
};
