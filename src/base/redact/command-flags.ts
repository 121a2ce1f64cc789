import { leaveOpen, type Search } from './hits.ts';
import { isPlaceholder, looksRandom } from './randomness.ts';
import { isSecretValue } from './written-values.ts';

const passwordOf = /\b(?:sshpass|mysql\w*|mariadb\w*|docker|podman|helm|oc|az|skopeo|buildah|7z|unzip|zip|ldap\w+)\b/;
const userOf = /\b(?:curl|wget|http|https|xh|ab|nmap|hydra)\b/;
const value = /[ \t]{1,8}(?:["']([^"'\n]{3,512})|([^\s"'|;&<>$()]{3,512}))/y;

const add = (search: Search, start: number, secret: string): void => {
  search.hits.push({ rule: 'command-password', start, end: start + secret.length, confidence: 'medium' });
};

/** A short flag from `from` to `to` whose argument is a password for some programs: `-u jo:x`, `-p x`, `-a x`, `-b a=x`. */
export const flagAt = (search: Search, from: number, to: number): void => {
  const { text } = search;
  const name = text.slice(from, to);
  const line = text.slice(Math.max(0, from - 200), from);
  const before = line.slice(line.lastIndexOf('\n') + 1);
  if (!/^\s?$/.test(text.slice(Math.max(0, from - 1), from))) return;
  if (name.length > 2 && name.startsWith('-p')) {
    const glued = name.slice(2);
    if (
      /\bmysql\w*\b|\bmariadb/.test(before) &&
      isSecretValue(glued, 'password', { quoted: false, env: true, query: false, strict: true })
    ) {
      add(search, from + 2, glued);
      if (to >= text.length) leaveOpen(search, from + 2);
    }
    return;
  }
  if (!(name === '-u' || name === '--user' || name === '-p' || name === '-a' || name === '-b')) return;
  const fits =
    name === '-p' ? passwordOf : name === '-a' ? /\bredis-cli\b/ : name === '-b' ? /\bcurl|htpasswd/ : userOf;
  if (!fits.test(before)) return;
  value.lastIndex = to;
  const match = value.exec(text);
  const written = match?.[1] ?? match?.[2];
  if (written === undefined) return;
  const end = value.lastIndex;
  if (end >= text.length) leaveOpen(search, to);
  const start = end - written.length;
  if (isPlaceholder(written) || written.includes('[redacted')) return;
  if (name === '-p' || name === '-a') {
    if (isSecretValue(written, 'password', { quoted: true, env: true, query: false, strict: false }))
      add(search, start, written);
    return;
  }
  const split = written.search(name === '-b' ? /=/ : /:/);
  if (split < 0) return;
  const user = written.slice(0, split);
  const secret = written.slice(split + 1);
  if (secret === '' ? looksRandom(user, 16) : false) add(search, start, user);
  else if (
    name === '-b' ? looksRandom(secret, 12) : secret.length >= 4 && !isPlaceholder(secret) && !/^[$%]/.test(secret)
  )
    add(search, start + split + 1, secret);
};
