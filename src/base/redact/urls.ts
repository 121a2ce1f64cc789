import { leaveOpen, type Search } from './hits.ts';
import { isPlaceholder, looksRandom } from './randomness.ts';

const longest = 400;
const withPassword = /([^\s:/?#'"`<>@\\,;]{0,128}):([^\s'"`<>/\\]{1,256})@(?=[\w[.-])/y;
const withToken = /([A-Za-z0-9_-]{16,255})(?::x-oauth-basic)?@[\w.-]/y;
const common =
  /^(?:password|passwd|pass|secret|pwd|postgres|postgresql|mysql|root|admin|user|username|guest|rabbitmq|mongo|redis|test|\$\w+|%s|:\w+|\d{1,5}|x-oauth-basic)$/i;

/** User and password of a URL that begins at `from`, with its authority at `at`. */
export const userinfoAt = (search: Search, from: number, at: number): void => {
  const { text } = search;
  if (text.length - at < longest && !/[\s'"`<>]/.test(text.slice(at))) leaveOpen(search, from);
  withPassword.lastIndex = at;
  const match = withPassword.exec(text);
  const password = match?.[2];
  if (match && password !== undefined && !(match[1] !== undefined && match[2] === 'x-oauth-basic')) {
    if (
      match[0].includes('[redacted') ||
      password.length < 4 ||
      common.test(password) ||
      isPlaceholder(password) ||
      password === match[1]
    )
      return;
    const end = withPassword.lastIndex - 1;
    search.hits.push({ rule: 'url-password', start: end - password.length, end, confidence: 'high' });
    return;
  }
  withToken.lastIndex = at;
  const user = withToken.exec(text)?.[1];
  if (user === undefined || isPlaceholder(user) || !looksRandom(user, 16)) return;
  search.hits.push({ rule: 'url-token', start: at, end: at + user.length, confidence: 'medium' });
};
