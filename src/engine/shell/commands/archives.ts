import type { Call, Handler } from '../call.ts';
import { readOptions } from '../options.ts';
import { known, type Arg } from '../value.ts';

const here = known('.');

/** A path as seen from a folder given by an option. */
const from = (folder: Arg | undefined, path: Arg): Arg =>
  !folder || path.text?.startsWith('/')
    ? path
    : folder.text === undefined || path.text === undefined
      ? { ...path, text: undefined }
      : known(`${folder.text}/${path.text}`);

const tarOptions =
  'f: file: C: directory: T: files-from: X< exclude-from< exclude: g> listed-incremental> N: newer: after-date: newer-mtime: mtime: owner: group: mode: strip-components: transform: xform: V: label: b: blocking-factor: H: format: level: sort: one-top-level xattrs-include: xattrs-exclude: suffix: checkpoint checkpoint-action! I! use-compress-program! to-command! F! info-script! new-volume-script! rsh-command! rmt-command! K: starting-file: L: tape-length: add-file: volno-file> index-file> o O to-stdout c create x extract get t list r append u update A catenate d diff compare delete z gzip gunzip ungzip j bzip2 J xz zstd Z compress a auto-compress v verbose p preserve-permissions same-permissions k keep-old-files keep-newer-files h dereference l m touch n S sparse P absolute-names w W overwrite no-same-owner no-same-permissions numeric-owner same-owner exclude-vcs exclude-vcs-ignores exclude-caches totals show-transformed-names wildcards no-wildcards anchored no-recursion one-file-system ignore-failed-read null remove-files warning: B i R recursion hard-dereference no-auto-compress quoting-style: acls no-acls selinux xattrs utc full-time help version delay-directory-restore unlink-first recursive-unlink backup';

const tar: Handler = (call) => {
  // The first word may be a bundle without its dash; each of its letters takes the next word.
  const [first, ...rest] = call.args;
  let args = call.args;
  if (first?.text !== undefined && /^[A-Za-z]+$/.test(first.text)) {
    const words: Arg[] = [];
    const values = [...rest];
    for (const letter of first.text) {
      words.push(known(`-${letter}`));
      if (/[fCTXgNbHVIFKL]/.test(letter)) {
        const value = values.shift();
        if (value) words.push(value);
      }
    }
    args = [...words, ...values];
  }
  const { operands, has, values } = readOptions(call, tarOptions, { strict: true }, args);
  const archives = values('f', 'file');
  for (const archive of archives)
    if (archive.text?.includes(':')) call.doubt('tar may start rsh for an archive with a colon in its name');
  const [folder, ...folders] = values('C', 'directory');
  if (folders.length > 0 && folders.some(({ text }) => text?.startsWith('/') !== true))
    call.doubt('in which folder tar works can be read in more than one way');
  const inside = [folder, ...folders];
  const writesOut = has('O', 'to-stdout');
  if (has('T', 'files-from')) call.doubt('it packs files that are named in a file');
  if (has('t', 'list') || has('d', 'diff', 'compare')) for (const archive of archives) call.read(archive);
  else if (has('x', 'extract', 'get')) {
    for (const archive of archives) if (archive.text !== '-') call.read(archive);
    if (!writesOut) for (const one of inside) call.write(one ?? here, { deep: true, brings: true });
    if (!writesOut)
      for (const operand of operands) for (const one of inside) call.write(from(one, operand), { deep: true });
    if (has('P', 'absolute-names') && !writesOut) call.doubt('it may unpack anywhere');
  } else {
    for (const archive of archives) if (archive.text !== '-') call.write(archive);
    for (const operand of [...operands, ...values('add-file')])
      for (const one of inside) {
        if (operand.text?.startsWith('@')) call.read({ ...operand, text: operand.text.slice(1) });
        call.read(from(one, operand), { deep: true, follow: has('h', 'dereference') });
        if (has('remove-files')) call.write(from(one, operand), { deep: true, how: 'delete' });
      }
    if (!has('c', 'create', 'r', 'append', 'u', 'update', 'A', 'catenate', 'delete', 'help', 'version'))
      call.doubt('what tar does can be read in more than one way');
  }
  return undefined;
};

const zip: Handler = (call) => {
  const { operands, has } = readOptions(
    call,
    'x: exclude: i: include: b> temp-path> O> output-file> T test TT! unzip-command! r recurse-paths q quiet v verbose j junk-paths 0 1 2 3 4 5 6 7 8 9 u update f freshen d delete m move y symlinks X no-extra D e encrypt P: password: @ FS g l n: suffixes: s: split-size: Z: o S',
    { strict: true },
  );
  const tests = call.args.some(({ prefix }) => /^-\w*TT/.test(prefix));
  if (tests || has('@')) call.doubt('zip may run something, or reads names from its input');
  const [archive, ...files] = operands;
  if (archive && archive.text !== '-') call.write(archive);
  for (const file of files) {
    call.read(file, { deep: has('r', 'recurse-paths'), follow: !has('y', 'symlinks') && has('r', 'recurse-paths') });
    if (has('m', 'move')) call.write(file, { deep: true, how: 'delete' });
  }
  return undefined;
};

const unzip: Handler = (call) => {
  const { operands, has, values } = readOptions(call, 'd: x: P: l t v p c o n q j z Z a b C L M u f', { strict: true });
  const [archive] = operands;
  if (archive) call.read(archive);
  const [folder] = values('d');
  if (!has('l', 't', 'v', 'p', 'c', 'z', 'Z')) call.write(folder ?? here, { deep: true, brings: true });
  return undefined;
};

const sevenZip: Handler = (call) => {
  call.program();
  for (const arg of call.args) if (!arg.prefix.startsWith('-')) call.read(arg, { deep: true });
  call.write(here, { deep: true });
  return undefined;
};

const cpio: Handler = (call) => {
  const copiesIn = call.args.some(({ text }) => /^-[a-z]*i|^--extract/.test(text ?? ''));
  if (copiesIn) call.write(here, { deep: true });
  call.doubt('it packs files that are named on its input');
  return undefined;
};

const patch: Handler = (call) => {
  const { operands, values } = readOptions(
    call,
    'i< input< d: directory: o> output> r> reject-file> p: strip: F: fuzz: D: ifdef: z: suffix: B: prefix: Y: V: version-control: g: get: x: E N R s t u c e! ed! n l f b dry-run forward reverse binary silent quiet remove-empty-files backup batch force posix merge no-backup-if-mismatch reject-format: quoting-style: verbose follow-symlinks ignore-whitespace unified',
    { strict: true },
  );
  // Which files it changes stands in the patch.
  const [folder] = values('d', 'directory');
  const [file, input] = operands;
  if (file) call.write(from(folder, file));
  if (input) call.read(input);
  const text = call.stdin.value.text;
  const levels = Number(values('p', 'strip')[0]?.text ?? '0');
  for (const [, name = ''] of (text ?? '').matchAll(/^(?:\+\+\+|---|\*\*\*) ([^\t\n]+)/gm))
    if (name !== '/dev/null')
      call.write(
        from(
          folder,
          known(
            name
              .split('/')
              .slice(name.startsWith('/') ? 0 : levels)
              .join('/'),
          ),
        ),
      );
  if (text === undefined) call.write(folder ?? here, { deep: true, brings: true });
  if (!input && !call.stdin.piped && values('i', 'input').length === 0)
    call.doubt('which patch it applies is not known');
  return undefined;
};

/** The host of `host:path` or `user@host:path`; undefined for a plain path. */
export const remoteHost = (text: string): string | undefined => {
  const url = /^(?:rsync|ssh|scp|sftp):\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^/:]*)/.exec(text)?.[1];
  return url ?? /^(?:[^@/:]*@)?(\[[^\]]*\]|[^/:]+):/.exec(text)?.[1];
};

/** Reads and writes of a copy between hosts, the last operand being the destination. */
export const copyBetween = (call: Call, operands: readonly Arg[], deep: boolean): void => {
  for (const [index, operand] of operands.entries()) {
    const last = index === operands.length - 1 && operands.length > 1;
    if (operand.text === undefined) call.doubt(`${operand.source} is only known when it runs`);
    const host = operand.text === undefined ? '*' : remoteHost(operand.text);
    if (host !== undefined) call.net(host, last ? 'write' : 'read');
    else if (last) call.write(operand, { deep });
    else call.read(operand, { deep });
  }
};

const rsync: Handler = (call) => {
  const { operands, has } = readOptions(
    call,
    'e! rsh! rsync-path! M! remote-option! files-from< exclude-from< include-from< exclude: include: f: filter: log-file> write-batch> only-write-batch> read-batch< password-file< T> temp-dir> backup-dir> partial-dir> compare-dest< copy-dest< link-dest< config! daemon! B: block-size: bwlimit: timeout: contimeout: port: chmod: chown: suffix: max-size: min-size: modify-window: out-format: log-file-format: info: debug: skip-compress: compress-level: zl: iconv: max-delete: usermap: groupmap: a archive r recursive v verbose z compress n dry-run delete delete-before delete-during delete-after delete-excluded force progress P partial h human-readable q quiet u update c checksum l links L copy-links H hard-links p perms t times o owner g group D devices x one-file-system i itemize-changes stats R relative S sparse W whole-file I ignore-times size-only existing ignore-existing remove-source-files prune-empty-dirs m delay-updates inplace append numeric-ids safe-links copy-unsafe-links no-perms no-owner no-group no-times no-links 4 6 k copy-dirlinks K keep-dirlinks E executability A acls X xattrs O omit-dir-times C cvs-exclude 0 from0 b backup d dirs mkpath',
    { strict: true },
  );
  if (has('files-from') || has('f', 'filter')) call.doubt('which files it copies stands in a file or filter');
  copyBetween(call, operands, true);
  const deletes = [...call.args].some(({ prefix }) => /^--del(?:ete)?/.test(prefix));
  const last = operands.at(-1);
  if (deletes && last && operands.length > 1 && (last.text === undefined || remoteHost(last.text) === undefined))
    call.write(last, { deep: true, how: 'delete' });
  if (has('L', 'copy-links'))
    for (const one of operands.slice(0, -1))
      if (remoteHost(one.text ?? '') === undefined) call.read(one, { deep: true, follow: true });
  if (has('remove-source-files'))
    for (const one of operands.slice(0, -1))
      if (remoteHost(one.text ?? '') === undefined) call.write(one, { deep: true, how: 'delete' });
  return undefined;
};

/** Programs that pack, unpack and copy whole folders. */
export const archivers: Readonly<Record<string, Handler>> = {
  tar,
  gtar: tar,
  bsdtar: tar,
  zip,
  unzip,
  '7z': sevenZip,
  '7za': sevenZip,
  cpio,
  pax: cpio,
  patch,
  rsync,
};
