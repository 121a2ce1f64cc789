import type { Arg } from './value.ts';

/** The host of a URL, or of what curl takes for one, as it is spelled; `*` when it cannot be told. */
export const hostOf = (url: Arg): string => {
  const text = url.text ?? url.prefix;
  const [, authority, rest = ''] = /^(?:[a-z][\w+.-]*:\/\/)?([^/?#]*)([^]*)$/i.exec(text) ?? [];
  // Without an end of the host in what is known, the rest may belong to it.
  if (authority === undefined || authority === '' || (url.text === undefined && rest === '')) return '*';
  const whole = authority.replace(/^.*@/, '').toLowerCase();
  const isBareAddress = /^[^[]*:[^]*:/.test(whole);
  const host = (isBareAddress ? whole : whole.replace(/:\d*$/, '')).replace(/^\[|\]$/g, '');
  return host === '' || /[{}[\]\\\s]/.test(host) || (host.includes('%') && !host.includes(':')) ? '*' : host;
};
