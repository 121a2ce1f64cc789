import { ToolError } from '../../core/tool.ts';

const maxUrlLength = 8192;

/**
 * Ports of services that would take a request for something else: those browsers refuse as well (the Fetch standard lists
 * them under "port blocking"), and databases.
 */
const refusedPorts = new Set(
  (
    '0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 ' +
    '135 137 139 143 161 179 389 427 445 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 ' +
    '993 995 1433 1521 1719 1720 1723 2049 3306 3659 4045 4190 5060 5061 5432 6000 6379 6566 6665 6666 6667 6668 6669 ' +
    '6679 6697 10080 11211 27017'
  ).split(' '),
);

/** Bytes written as `%41`; what is no such byte stays. */
const unescaped = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString());

/** What a text says under the codings that hide it most easily: percent signs, up to three deep, base64, hexadecimal. */
const formsOf = (text: string): string[] => {
  const plain = [text];
  for (let depth = 0; depth < 3; depth += 1) plain.push(unescaped(plain.at(-1) ?? ''));
  const decoded = plain.flatMap((one) => [
    ...(one.match(/[\w+/-]{8,}={0,2}/g) ?? []).map((run) => Buffer.from(run, 'base64').toString()),
    ...(one.match(/[\w+-]{8,}={0,2}/g) ?? []).map((run) => Buffer.from(run, 'base64').toString()),
    ...(one.match(/(?:[0-9a-f]{2}){8,}/gi) ?? []).map((run) => Buffer.from(run, 'hex').toString()),
  ]);
  return [...plain, ...plain.map((one) => one.replaceAll('+', ' ')), ...decoded];
};

/**
 * Reads the URL of a page and refuses what nobody should ask for.
 * @throws ToolError that says why.
 */
export const webUrl = (text: string, base?: URL, knownSecrets?: (text: string) => boolean): URL => {
  if (text.length > maxUrlLength) throw new ToolError(`The URL is longer than ${maxUrlLength} characters.`);
  if (!URL.canParse(text, base?.href)) {
    // What a server wrote is not repeated: in an error it would pass for our own words.
    throw new ToolError(base ? `${base.host} redirects to what is no URL.` : `Not a URL: ${text.slice(0, 200)}`);
  }
  const url = new URL(text, base?.href);
  url.hash = '';
  if (url.href.length > maxUrlLength) throw new ToolError(`The URL is longer than ${maxUrlLength} characters.`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ToolError(`Only http: and https: can be fetched, not ${url.protocol.slice(0, 20)}`);
  }
  // Not repeated in the message: what was refused may be a secret.
  if (url.username !== '' || url.password !== '') {
    throw new ToolError(
      `The URL${base ? ` ${base.host} redirects to` : ` for ${url.host}`} carries a user name or password; leave them out.`,
    );
  }
  if (refusedPorts.has(url.port)) throw new ToolError(`Port ${url.port} of ${url.hostname} is not one of the web.`);
  if (knownSecrets && formsOf(text).some(knownSecrets)) {
    throw new ToolError('The URL carries a secret, so nothing was sent.');
  }
  return url;
};
