import type { Call, Handler } from '../call.ts';
import { readOptions } from '../options.ts';
import type { Arg } from '../value.ts';
import { readIfFile } from './files.ts';
import { hostOf } from '../hosts.ts';

const npmHost = 'registry.npmjs.org';

const words = (call: Call): string[] =>
  call.args.flatMap(({ text, prefix }) => (prefix.startsWith('-') ? [] : [text ?? '']));

/** Notes hosts of the packages that are named by URL. */
const namedHosts = (call: Call): void => {
  for (const arg of call.args)
    if (/^(?:git\+)?(?:https?|ssh|git):\/\//.test(arg.prefix))
      call.net(
        hostOf({ ...arg, text: arg.text?.replace(/^git\+/, ''), prefix: arg.prefix.replace(/^git\+/, '') }),
        'read',
      );
    else if (/^(?:github:|git@|gist:|bitbucket:|gitlab:)/.test(arg.prefix)) call.net('*', 'read');
};

/** An option that makes a package manager run something else, or talk to somebody else. */
const registryOf = (call: Call, fallback: string): string => {
  for (const [index, arg] of call.args.entries()) {
    const [, attached] =
      /^--?(?:registry|index-url|i|extra-index-url|index|proxy|https-proxy)=([^]*)$/.exec(arg.prefix) ?? [];
    const value: Arg | undefined =
      attached !== undefined
        ? { ...arg, prefix: attached, text: arg.text === undefined ? undefined : attached }
        : /^(?:--registry|--index-url|--extra-index-url|-i)$/.test(arg.text ?? '')
          ? call.args[index + 1]
          : undefined;
    if (value) return hostOf(value);
  }
  return fallback;
};

const known = (call: Call): void => {
  for (const arg of call.args) readIfFile(call, arg);
  if (
    call.args.some(
      (arg) => arg.text === undefined && arg.prefix === '' && arg.within === undefined && arg.numeric !== true,
    )
  )
    call.doubt('what it runs is only known when it runs');
};

const npm: Handler = (call) => {
  call.program();
  known(call);
  const [command = ''] = words(call);
  if (/^(?:exec|x)$/.test(command)) runsInner(call, /^(?:exec|x)$/);
  if (
    call.args.some(({ prefix }) =>
      /^--(?:script-shell|shell|node-options|prefix|userconfig|globalconfig|init-module|editor|viewer|git|scripts-prepend-node-path|eval|call)(?:=|$)|^-c$/.test(
        prefix,
      ),
    )
  )
    call.doubt(`an option makes ${call.name} run something else`);
  if (command === 'pkg' || command === 'set-script') call.doubt(`it changes what ${call.name} runs`);
  if (/^(?:config|set|c)$/.test(command) && /^(?:set|edit|delete)$/.test(words(call)[1] ?? ''))
    call.doubt(`it changes what ${call.name} runs`);
  const installs =
    /^(?:i|in|ins|install|install-test|it|ci|clean-install|add|update|up|upgrade|audit|outdated|view|info|show|search|create|init|dlx|fetch|link|pack|import|dedupe)$/;
  const publishes =
    /^(?:publish|unpublish|deprecate|dist-tag|access|owner|team|token|login|adduser|star|hook|org|profile)$/;
  const bare =
    command === '' &&
    call.name !== 'npm' &&
    !call.args.some(({ text }) => /^(?:-v|--version|-h|--help)$/.test(text ?? ''));
  if (installs.test(command) && !(command === 'init' && call.args.some(({ text }) => text === '-y')))
    call.net(registryOf(call, npmHost), 'read');
  else if (bare && call.name === 'yarn') call.net(registryOf(call, npmHost), 'read');
  if (publishes.test(command)) call.net(registryOf(call, npmHost), 'write');
  namedHosts(call);
  return undefined;
};

/** Runs a program of a package, fetched first when it is not there. */
const npx: Handler = (call) => {
  call.program();
  known(call);
  if (call.args.some(({ prefix }) => /^(?:-c|--call|--shell|--node-options|--script-shell)(?:=|$)/.test(prefix)))
    call.doubt(`${call.name} runs a text as a command`);
  const { operands } = readOptions(call, 'p: package: y yes no-install no q quiet', { leading: true });
  const [program] = operands;
  const { root } = call.scene.place;
  const bins = call.scene.place.list(`${root}/node_modules/.bin`) ?? [];
  const name = program?.text ?? '';
  const isHere = [
    ...(call.state.cwds ?? []).flatMap((cwd) => call.scene.place.list(`${cwd}/node_modules/.bin`) ?? []),
    ...bins,
  ].includes(name);
  // The usual tools of a project are taken to be there; a URL, a version or an unknown package is fetched.
  const never = call.args.some(({ text }) => text === '--no-install' || text === '--no' || text === '--offline');
  const fetched =
    call.args.some(({ prefix }) => /^(?:-p|--package|-y|--yes)(?:=|$)/.test(prefix)) ||
    /[@/:]/.test(name) ||
    (bins.length > 0 && !isHere);
  if (fetched && !isHere && !never) call.net(registryOf(call, npmHost), 'read');
  if (interpretersLike.test(name)) call.doubt(`${name} runs code given to it`);
  return undefined;
};

const interpretersLike =
  /^(?:dotenv|dotenv-cli|env-cmd|dotenvx|node|sh|bash|zsh|python3?|perl|ruby|php|deno|bun|ts-node|tsx|cross-env-shell|shx|zx)$/;

/** `uv run x`: what follows is a command of its own. */
const runsInner = (call: Call, verbs: RegExp): boolean => {
  const at = call.args.findIndex(({ text }) => verbs.test(text ?? ''));
  if (at < 0 || call.args.slice(0, at).some(({ prefix }) => !prefix.startsWith('-'))) return false;
  let rest = call.args.slice(at + 1);
  while (rest[0]?.prefix.startsWith('-')) {
    if (
      rest[0].text !== '--' &&
      !/^--?(?:q|quiet|v|verbose|frozen|locked|no-sync|offline|silent|s)$/.test(rest[0].text ?? '')
    )
      call.doubt(`nobody looked into ${call.name} ${rest[0].source}`);
    rest = rest.slice(1);
  }
  if (rest.length > 0) call.run(rest, { external: true });
  return true;
};

const pip: Handler = (call) => {
  call.program();
  known(call);
  runsInner(call, /^run$/);
  const [command = '', second = ''] = words(call);
  const installs =
    /^(?:install|download|wheel|index|search|add|sync|lock|update|upgrade|publish|tool|self|run|inject)$/;
  if (installs.test(command) || (command === 'pip' && installs.test(second)))
    call.net(registryOf(call, 'pypi.org'), command === 'publish' ? 'write' : 'read');
  if (command === 'config') call.doubt('it changes what pip runs');
  namedHosts(call);
  return undefined;
};

const manager =
  (host: string, installs: RegExp, options: { publishes?: RegExp; odd?: RegExp; runs?: RegExp } = {}): Handler =>
  (call) => {
    call.program();
    known(call);
    if (options.runs) runsInner(call, options.runs);
    const [command = '', second = ''] = words(call);
    const both = `${command} ${second}`;
    if (installs.test(command) || installs.test(both)) call.net(host, 'read');
    if (options.publishes?.test(command) === true || options.publishes?.test(both) === true) call.net(host, 'write');
    if (
      call.name === 'go' &&
      /^(?:run|build|install|test|list)$/.test(command) &&
      words(call).some((word) => /@|^[\w-]+\.[a-z]{2,}\//.test(word))
    )
      call.net(host, 'read');
    if (command === 'run' && call.name === 'go')
      for (const arg of call.args)
        if (
          /^\/dev\/|^\/proc\//.test(arg.prefix) ||
          arg.channel ||
          (arg.text !== undefined &&
            (call.state.cwds ?? []).some((cwd) =>
              call.scene.isChanged(arg.text?.startsWith('/') ? arg.text : `${cwd}/${arg.text ?? ''}`),
            ))
        )
          call.doubt('what it runs is only known when it runs');
    if (call.args.some(({ prefix }) => options.odd?.test(prefix) === true))
      call.doubt(`an option makes ${call.name} run something else`);
    namedHosts(call);
    return undefined;
  };

const docker: Handler = (call) => {
  call.program();
  if (call.args.some(({ text }) => text === 'prune')) call.doubt('it deletes what it does not name');
  known(call);
  const all = words(call);
  const [command = '', second = ''] = all;
  const both = `${command} ${second}`;
  const images =
    /^(?:pull|run|create|build|search|buildx \w+|image (?:pull|build)|container (?:run|create)|compose (?:up|run|build|pull|create)|manifest \w+|up|plugin install)$/;
  const sends = /^(?:push|login|image push|compose push|context \w+|trust \w+)$/;
  if (images.test(command) || images.test(both)) call.net('registry-1.docker.io', 'read');
  if (sends.test(command) || sends.test(both)) call.net('registry-1.docker.io', 'write');
  // Compose reads it by itself and hands it to containers.
  if (command === 'compose' && !/^(?:ps|logs|ls|version|images|top)$/.test(second))
    call.read({ text: '.env', source: '.env', prefix: '.env' });
  // A container with folders of the host in it reads and writes them.
  for (const [index, arg] of call.args.entries()) {
    const [, attached] = /^(?:-v|--volume=|--mount=|--env-file=|--secret=)(?=.)([^]*)$/.exec(arg.prefix) ?? [];
    const value =
      attached ??
      (/^(?:-v|--volume|--mount|--env-file|--secret)$/.test(arg.text ?? '') ? call.args[index + 1]?.prefix : undefined);
    const source =
      value === undefined ? undefined : (/(?:^|,)(?:src|source)=([^,]*)/.exec(value)?.[1] ?? value.split(':', 1)[0]);
    const named = /^(?:--env-file|--secret)/.test(arg.prefix);
    if (source === undefined || source === '' || (!named && !/^[./~]/.test(source))) continue;
    const path = { text: source, source, prefix: source };
    call.read(path, { deep: true });
    if (!/:ro(?:,|$)|readonly/.test(value ?? '')) call.write(path, { deep: true });
  }
  if (
    call.args.some(({ prefix }) =>
      /^(?:--privileged|--pid|--cap-add|--device|--security-opt|-H|--host|--context|--config)/.test(prefix),
    ) &&
    !/^(?:ps|images|logs|inspect|version|info)$/.test(command)
  )
    call.doubt('a container with the rights of the host may do anything');
  if (
    /^(?:exec|run|cp|container exec|container run|compose exec|compose run)$/.test(command) ||
    /^(?:container|compose) (?:exec|run)$/.test(both)
  ) {
    if (command === 'cp' || second === 'cp')
      for (const arg of call.args.slice(1))
        if (!/^[\w.-]+:/.test(arg.prefix) && !arg.prefix.startsWith('-')) call.read(arg, { deep: true });
  }
  return undefined;
};

const cloud: Handler = (call) => {
  call.program();
  known(call);
  call.net('*', 'read');
  call.net('*', 'write');
  return undefined;
};

const github: Handler = (call) => {
  call.program();
  known(call);
  const all = words(call);
  const writes =
    /(?:create|edit|delete|merge|close|reopen|comment|review|upload|rerun|cancel|set|fork|sync|archive|rename|login|run|enable|disable|add|remove|lock|unlock|pin|ready|transfer)$/;
  const [command = '', second = ''] = all;
  call.net('api.github.com', 'read');
  if (writes.test(second) || command === 'api' || command === 'secret') call.net('api.github.com', 'write');
  if (command === 'alias' || command === 'extension' || command === 'config') call.doubt('it changes what gh runs');
  return undefined;
};

const many = (names: string, handler: Handler): Record<string, Handler> =>
  Object.fromEntries(names.split(' ').map((name) => [name, handler]));

/** Package managers, builders and clients of services: which program runs is known, not what it does. */
export const packages: Readonly<Record<string, Handler>> = {
  ...many('npm pnpm yarn cnpm', npm),
  ...many('npx pnpx bunx', npx),
  ...many('pip pip3 pipx uv poetry pdm hatch pipenv conda mamba', pip),
  ...many('uvx', (call) => {
    call.net('pypi.org', 'read');
    return pip(call);
  }),
  cargo: manager(
    'index.crates.io',
    /^(?:install|add|update|fetch|search|publish|login|yank|owner|info|vendor|generate-lockfile)$/,
    { publishes: /^(?:publish|login|yank|owner)$/, odd: /^(?:--config|-Z|\+)/ },
  ),
  go: manager('proxy.golang.org', /^(?:get|install|mod (?:download|tidy|vendor)|work sync)$/, {
    odd: /^-{1,2}(?:exec|toolexec|overlay|modfile|ldflags|gcflags|compiler|pkgdir|vettool)/,
  }),
  gem: manager('rubygems.org', /^(?:install|update|fetch|search|outdated|push|yank)$/, {
    publishes: /^(?:push|yank|signin)$/,
  }),
  bundle: manager('rubygems.org', /^(?:install|update|add|outdated|lock)$/, { runs: /^exec$/ }),
  composer: manager('packagist.org', /^(?:install|update|require|create-project|outdated|show|search)$/),
  ...many(
    'mvn mvnw gradle gradlew',
    manager('repo.maven.apache.org', /^(?:deploy|publish)$/, {
      publishes: /^(?:deploy|publish)$/,
      odd: /^(?:-I|--init-script|-D\w*exec|--settings)/,
    }),
  ),
  dotnet: manager('api.nuget.org', /^(?:restore|add|tool|nuget|workload|new)$/, { publishes: /^nuget$/ }),
  ...many(
    'apt apt-get aptitude dpkg yum dnf apk pacman zypper brew port snap flatpak',
    manager('*', /^(?:install|update|upgrade|add|search|remove|dist-upgrade|full-upgrade|tap|refresh)$/, {
      odd: /^-o|^--(?:option|root|admindir)/,
    }),
  ),
  ...many('docker podman nerdctl docker-compose', docker),
  ...many(
    'kubectl helm aws gcloud az terraform tofu pulumi heroku vercel netlify fly flyctl wrangler doctl ansible ansible-playbook eb sam cdk serverless firebase supabase',
    cloud,
  ),
  gh: github,
  glab: github,
};
