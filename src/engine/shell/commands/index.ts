import type { Call, Handler } from '../call.ts';
import { known, literally } from '../value.ts';
import { archivers } from './archives.ts';
import { builtins } from './builtins.ts';
import { scriptText } from './scripts.ts';
import { find } from './find.ts';
import { versionControl } from './git.ts';
import { builders } from './builders.ts';
import { readIfFile } from './files.ts';
import { interpreters } from './interpreters.ts';
import { networkers } from './network.ts';
import { packages } from './packages.ts';
import { isFetched, readers } from './readers.ts';
import { searchers } from './search.ts';
import { textPrograms } from './text-programs.ts';
import { wrappers } from './wrappers.ts';
import { writers } from './writers.ts';

const silent: Handler = () => undefined;
const quiet: Handler = () => literally('');

const program: Handler = (call) => {
  call.program();
  for (const arg of call.args) readIfFile(call, arg);
  return undefined;
};

const stops: Handler = (call) => {
  call.danger('shuts the machine down');
  call.program();
  return undefined;
};

const formats: Handler = (call) => {
  call.danger('writes a device directly');
  call.program();
  for (const arg of call.args) if (!arg.prefix.startsWith('-')) call.write(arg);
  return undefined;
};

const opaque =
  (why: string): Handler =>
  (call) => {
    call.doubt(why);
    for (const arg of call.args) readIfFile(call, arg);
    return undefined;
  };

/** Looks through everything below its folders for secrets or patterns. */
const scans: Handler = (call) => {
  call.program();
  call.read(known('.'), { deep: true });
  for (const arg of call.args) readIfFile(call, arg);
  return undefined;
};

/** Ends processes by their name, which others may have too. */
const endsByName: Handler = (call) => {
  call.doubt('it ends processes by name, whoever started them');
  if (call.args.some(({ prefix }) => /llm-copilot|^lca$|^node$|^-[uU]|^--(?:uid|euid|user)|^\.[*+]?$/.test(prefix)))
    call.danger('ends processes that are not its own');
  return undefined;
};

const systemctl: Handler = (call) => {
  if (
    call.args.some(({ text }) =>
      /^(?:poweroff|reboot|halt|kexec|suspend|hibernate|rescue|emergency|isolate)$/.test(text ?? ''),
    )
  )
    call.danger('shuts the machine down');
  if (!/^(?:status|is-active|is-enabled|list-units|list-unit-files|show|cat)$/.test(call.args[0]?.text ?? ''))
    call.doubt('it starts or changes services');
  return undefined;
};

const many = (names: string, handler: Handler): Record<string, Handler> =>
  Object.fromEntries(names.split(' ').map((name) => [name, handler]));

/** Programs that only tell something, or only wait. */
const tellers: Readonly<Record<string, Handler>> = {
  ...many(
    'whoami id uname arch tty groups users who w uptime free ps pgrep lsof locale getconf tput clear reset cal yes logname stty vmstat iostat which whereis env-info ncal hostid lscpu lsblk lsusb lspci dmesg last nettop ss netstat ip ifconfig route sw_vers',
    silent,
  ),
  ...many('sleep usleep', quiet),
  hostname: (call) => {
    if (call.args.some(({ prefix }) => !prefix.startsWith('-'))) call.program();
    return undefined;
  },
};

/** What a program by name alone is known to do. */
const table = new Map<string, Handler>(
  Object.entries({
    ...tellers,
    ...readers,
    ...writers,
    ...searchers,
    ...textPrograms,
    ...archivers,
    ...networkers,
    ...versionControl,
    ...interpreters,
    ...builders,
    ...packages,
    ...wrappers,
    ...builtins,
    find,
    gfind: find,
    ...many('shutdown reboot poweroff halt init telinit', stops),
    ...many(
      'mkfs mke2fs mkswap fdisk sfdisk parted wipefs mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.vfat mkfs.fat mkfs.ntfs mkfs.f2fs blkdiscard',
      formats,
    ),
    ...many(
      'at batch crontab systemd-run launchctl screen tmux zellij dtach abduco nohup-run start-stop-daemon daemonize entr inotifywait fswatch incrontab',
      opaque('it runs something later or elsewhere'),
    ),
    ...many('enable bind complete compgen compopt', opaque('it changes the shell itself')),
    ...many(
      'mount umount losetup insmod modprobe setcap useradd usermod passwd visudo chpasswd iptables nft sysctl fuser',
      opaque('it changes the machine'),
    ),
    ...many(
      'gpg openssl ssh-keygen ssh-add ssh-agent keychain pass',
      opaque('it works with keys in ways nobody looked into'),
    ),
    ...many('fzf sk vidir moreutils sponge pv', opaque('nobody looked into it')),
    ...many(
      'honcho foreman goreman overmind hivemind dotenv env-cmd dotenvx direnv pipenv',
      opaque('it loads .env files'),
    ),
    ...many('gitleaks trufflehog detect-secrets semgrep ugrep ug', scans),
    ...many(
      'lftp grpcurl hping3 hping mail mailx sendmail mutt swaks websocat wscat ab wrk hey k6 vegeta masscan zmap iperf3 mosh rclone s3cmd',
      opaque('it talks to other machines'),
    ),
    ...many('open xdg-open start wslview', opaque('it opens something in another program')),
    ...many('fc history', opaque('it may run what was typed before')),
    ...many('qemu-system-x86_64 virsh vagrant multipass lxc lxd machinectl', opaque('it runs another machine')),
    ...many('pkill killall killall5 skill snice xkill', endsByName),
    systemctl,
    service: systemctl,
  }),
);

const shebang = /^#!\s*(?:\/usr)?\/bin\/(?:env\s+)?(?:bash|sh|dash)(?:\s+-[euxv]+)?\s*$/m;

/** A program given by its path: a script is looked into, anything else is only known by its name. */
const byPath: Handler = (call) => {
  const { name, args } = call;
  call.program();
  call.read({ text: name, source: name, prefix: name });
  if (isFetched(call, name)) call.danger('runs what it gets from the network');
  for (const arg of args) readIfFile(call, arg);
  const paths = name.startsWith('/') ? [name] : (call.state.cwds ?? []).map((cwd) => `${cwd}/${name}`);
  if (!name.startsWith('/') && !call.state.cwds) call.doubt('the folder it runs in is not known');
  if (paths.some((path) => call.scene.isChanged(path))) call.doubt('it runs a program the line may have changed');
  const text = scriptText(call, name);
  const [first = ''] = text?.split('\n', 1) ?? [];
  if (text === undefined || text.includes('\0') || !(shebang.test(first) || !first.startsWith('#!'))) return undefined;
  // Without a line that names an interpreter the shell runs it itself, unless it is no text at all.
  if (!first.startsWith('#!') && /[^\x09\x0a\x0d\x20-\x7e\u00a0-\uffff]/.test(text)) return undefined;
  return call.freshScript(text, args).out;
};

/** Builtins run in the shell itself, whatever the environment says. */
export const isBuiltin = (name: string): boolean => Object.hasOwn(builtins, name);

/** What is known of a command: a program nobody knows may read the files it is given. */
export const handlerOf = (name: string): Handler => {
  const found = table.get(name);
  if (found) return found;
  if (name.includes('/')) return byPath;
  if (/^python\d[\d.]*$/.test(name)) return interpreters.python ?? program;
  if (/^mkfs\b/.test(name)) return formats;
  return generic;
};

/** A program nobody knows. */
const generic = (call: Call): undefined => {
  program(call);
  if (call.stdin.value.fromNet && call.args.length === 0)
    call.doubt(`nobody knows what ${call.name} makes of what it reads`);
  if (
    call.args.some(
      (arg) => arg.text === undefined && arg.prefix === '' && arg.within === undefined && arg.numeric !== true,
    )
  )
    call.doubt('what it is given is only known when it runs');
  return undefined;
};
