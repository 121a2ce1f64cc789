import type { Call } from '../call.ts';
import { tidy } from '../scene.ts';
import { known, type Arg } from '../value.ts';
import { hostOf } from '../hosts.ts';

/** The absolute paths a text may name. */
export const absolutes = (call: Call, path: string): string[] =>
  path.startsWith('/') ? [tidy(path)] : (call.state.cwds ?? []).map((cwd) => tidy(`${cwd}/${path}`));

/** A word that is the name of a file that is there may be read. */
export const readIfFile = (call: Call, arg: Arg): void => {
  const url =
    /(?:^|[=@,])((?:https?|ftps?|wss?|git|ssh|tcp|udp|redis|amqp|postgres(?:ql)?|mysql|mongodb(?:\+srv)?):\/\/[^]*)$/i.exec(
      arg.prefix,
    )?.[1];
  if (url !== undefined)
    call.net(hostOf({ ...arg, prefix: url, text: arg.text === undefined ? undefined : url }), 'read');
  for (const text of [
    arg.prefix,
    arg.prefix.replace(/^-{1,2}[\w-]+=/, ''),
    arg.prefix.replace(/^-[A-Za-z]/, ''),
    arg.prefix.replace(/^[^@=]*[@=]/, ''),
  ]) {
    if (arg.text === undefined || text === '' || text.startsWith('-') || text.length > 4096 || /[\n\0]/.test(text))
      continue;
    const isThere = absolutes(call, text).some((path) =>
      call.scene.names(path.slice(0, path.lastIndexOf('/')) || '/')?.includes(path.slice(path.lastIndexOf('/') + 1)),
    );
    if (isThere || (/^(?:\.{0,2}\/|~|\.\w)/.test(text) && !/\s/.test(text))) call.read(known(text));
  }
};
