/** What runs inside a container, as text for its own shell. Only what every POSIX shell has may be used. */

/** Commands write their process ids here; made by the main process, whom commands cannot touch. */
const folder = '/tmp/.llm-copilot';

/** Where the folder of the proxy's socket is bound. */
export const netFolderInside = '/run/llm-copilot';

/** Every command and what it starts carries this variable, so that it can be found again. */
export const commandVariable = 'LLM_COPILOT_COMMAND';

const tools = ['bash', 'node', 'python3', 'socat'];

/**
 * The main process. It has a user of its own, so that no command can stop, kill or debug it; it ends at the end of its
 * standard input, which the system closes when we are gone, and everything inside ends with it. It says what the image
 * has, then takes orders: `proxy <command>` starts the forwarder, `cpu` reports the CPU time used so far. It starts
 * nothing for that: what asks for memory while a command has it all is what the kernel may end.
 */
export const mainScript = `umask 0
mkdir ${folder} && mkdir ${folder}/run && chmod 755 ${folder} && chmod 1777 ${folder}/run || {
  echo "the image lets only root write to /tmp (mode 1777 is usual)" >&2
  exit 1
}
umask 022
printf ready
for tool in ${tools.join(' ')}; do command -v $tool >/dev/null 2>&1 && printf ' %s' $tool; done
while read -r inside outside count; do printf ' uid:%s:%s:%s' $inside $outside $count; done </proc/self/uid_map
echo
used() {
  for file in cpuacct/cpuacct.usage cpu,cpuacct/cpuacct.usage cpu.stat; do
    [ -r /sys/fs/cgroup/$file ] && read -r first second </sys/fs/cgroup/$file || continue
    [ -n "$second" ] && echo cpu $(($second / 1000)) || echo cpu $(($first / 1000000))
    return
  done
  echo cpu unknown
}
while read -r order rest; do
  case $order in
    proxy) eval "$rest" & ;;
    cpu) used ;;
  esac
done`;

/**
 * Enters a command: `$0` is its id, the rest the program. It leads its session, and says so before it becomes the program.
 * When memory ends, it ends before the main process, which would take everything with it.
 */
export const enterScript = `{ echo 1000 >/proc/self/oom_score_adj; } 2>/dev/null; f=${folder}/run/$0; echo $$ >$f; [ -e $f.end ] && exit 137; [ -d "$HOME" ] || mkdir -m 700 "$HOME"; exec "$@"`;

/** The same with a limit on CPU seconds of every process. */
export const enterScriptWithin = (cpuSeconds: number): string => `ulimit -t ${Math.ceil(cpuSeconds)}; ${enterScript}`;

/**
 * Signals (`$1`) the command `$0`: its group, and whatever carries its id. Marks it first, for a command that is about to
 * start. A command that is over (`$2`) lends its number to strangers: only an orphaned group can still be its own.
 */
export const signalScript = `f=${folder}/run/$0; : >$f.end
[ -r $f ] && read -r leader <$f && { [ -z "$2" ] || [ ! -d /proc/$leader ]; } && kill -s $1 -- -$leader
for file in $(grep -ls ${commandVariable}=$0 /proc/[0-9]*/environ); do pid=\${file#/proc/}; kill -s $1 \${pid%/environ}; done`;

/** Kills all that commands started; the main process has another user and stays. */
export const endScript = 'kill -s KILL -- -1';

/** Says `busy` when a process of ours runs besides this one. */
export const busyScript =
  'for p in /proc/[0-9]*; do [ -O $p ] && [ $p != /proc/$$ ] && ! grep -qs "^State:.Z" $p/status && echo busy && break; done';

const nodeForwarder = `const net=require("net");net.createServer({allowHalfOpen:true},c=>{const s=net.connect({path:SOCKET,allowHalfOpen:true});c.pipe(s);s.pipe(c);c.on("error",()=>s.destroy());s.on("error",()=>c.destroy())}).listen(PORT,"127.0.0.1",()=>console.log("proxy"))`;

const pythonForwarder = `import socket,threading
def pump(a,b):
    try:
        while True:
            d=a.recv(65536)
            if not d: break
            b.sendall(d)
        b.shutdown(socket.SHUT_WR)
    except OSError: pass
def serve(c):
    s=socket.socket(socket.AF_UNIX)
    try: s.connect(SOCKET)
    except OSError: return c.close()
    threading.Thread(target=pump,args=(s,c),daemon=True).start()
    pump(c,s)
l=socket.socket();l.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1);l.bind(("127.0.0.1",PORT));l.listen(64);print("proxy",flush=True)
while True:
    c,_=l.accept();threading.Thread(target=serve,args=(c,),daemon=True).start()`;

/**
 * The order that forwards 127.0.0.1:`port` to a socket in the folder for it and prints `proxy` once it listens; undefined
 * when the image has nothing that could. One line.
 */
export const forwarderOrder = (has: ReadonlySet<string>, socketName: string, port: number): string | undefined => {
  const socket = `${netFolderInside}/${socketName}`;
  const fill = (text: string): string =>
    text.replace('SOCKET', JSON.stringify(socket)).replace('PORT', String(port)).replaceAll('\n', '\\n');
  if (has.has('node')) return `proxy exec node -e '${fill(nodeForwarder)}'`;
  // printf makes the lines of it again.
  if (has.has('python3')) return `proxy exec python3 -c "$(printf '${fill(pythonForwarder)}')"`;
  if (has.has('socat'))
    return `proxy { sleep 0.2; echo proxy; } & exec socat TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork UNIX-CONNECT:${socket}`;
  return undefined;
};

/** What a container said when it was ready. */
export interface Inside {
  /** Which of bash, node, python3 and socat the image has. */
  tools: ReadonlySet<string>;
  /** Our own user as it is called inside: a rootless engine maps users. */
  uid: number;
}

/** Reads the main process's first line. */
export const readReady = (line: string, uid: number): Inside => {
  const words = line.split(' ').slice(1);
  const maps = words.filter((word) => word.startsWith('uid:')).map((word) => word.slice(4).split(':').map(Number));
  // Outside a user namespace the only line maps every number to itself.
  const map = maps.find(([, outside = 0, count = 0]) => uid >= outside && uid < outside + count);
  const [inside = 0, outside = 0] = map ?? [];
  return { tools: new Set(words.filter((word) => !word.includes(':'))), uid: map ? inside + uid - outside : uid };
};
