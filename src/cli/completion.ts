import type { Command, Option } from 'commander';
import { usageError } from '../base/errors.ts';
import { withLateOptions } from './late-options.ts';

interface Node {
  /** Words after the program's name, such as `sessions list`. */
  path: string;
  commands: { name: string; description: string }[];
  options: readonly Option[];
}

const tree = (command: Command, path: readonly string[] = []): Node[] => [
  {
    path: path.join(' '),
    commands: command.commands.map((one) => ({ name: one.name(), description: one.description() })),
    options: withLateOptions(command).options,
  },
  ...command.commands.flatMap((one) => tree(one, [...path, one.name()])),
];

const flagsOf = (option: Option): string[] => [option.short, option.long].filter((flag) => typeof flag === 'string');

const bash = (nodes: readonly Node[]): string => {
  const cases = nodes.map(({ path, commands, options }) => {
    const words = [...commands.map((one) => one.name), ...options.flatMap(flagsOf)].join(' ');
    return `    "${path}") words="${words}" ;;`;
  });
  const values = nodes
    .flatMap((node) => node.options)
    .filter((option) => option.argChoices !== undefined)
    .map(
      (option) =>
        `    ${option.long ?? ''}) COMPREPLY=($(compgen -W "${(option.argChoices ?? []).join(' ')}" -- "$cur")); return ;;`,
    );
  return `# bash completion for llm-copilot; made by "llm-copilot completion bash"
_llm_copilot() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="" words="" i
  case "$prev" in
${[...new Set(values)].join('\n')}
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      -*) ;;
      *) case "|${nodes.map((node) => node.path).join('|')}|" in
           *"|\${path:+$path }\${COMP_WORDS[i]}|"*) path="\${path:+$path }\${COMP_WORDS[i]}" ;;
         esac ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ \${#COMPREPLY[@]} -gt 0 || "$cur" == -* ]] || COMPREPLY=($(compgen -f -- "$cur"))
}
complete -F _llm_copilot llm-copilot lca
`;
};

const quoteZsh = (text: string): string => text.replace(/'/g, "'\\''").replace(/[[\]:]/g, '\\$&');

const zsh = (nodes: readonly Node[]): string => {
  const cases = nodes.map(({ path, commands, options }) => {
    const subcommands = commands.map((one) => `'${one.name}:${quoteZsh(one.description)}'`).join(' ');
    const flags = options
      .flatMap((option) => flagsOf(option).map((flag) => `'${flag}[${quoteZsh(option.description)}]'`))
      .join(' ');
    return `    "${path}") subs=(${subcommands}); flags=(${flags}) ;;`;
  });
  return `#compdef llm-copilot lca
# zsh completion for llm-copilot; made by "llm-copilot completion zsh"
_llm_copilot() {
  local path="" i
  local -a subs flags
  for ((i = 2; i < CURRENT; i++)); do
    case "\${words[i]}" in
      -*) ;;
      *) case "|${nodes.map((node) => node.path).join('|')}|" in
           *"|\${path:+$path }\${words[i]}|"*) path="\${path:+$path }\${words[i]}" ;;
         esac ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  (( \${#subs} )) && _describe command subs
  _arguments $flags '*:file:_files'
}
compdef _llm_copilot llm-copilot lca
`;
};

const quoteFish = (text: string): string => text.replace(/\\/g, '\\\\').replace(/'/g, "\\'");

const fish = (nodes: readonly Node[]): string => {
  const lines = nodes.flatMap(({ path, commands, options }) => {
    const words = path.split(' ').filter((word) => word !== '');
    const names = commands.map((one) => one.name).join(' ');
    const within = words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    const condition =
      words.length === 0
        ? '__fish_use_subcommand'
        : names === ''
          ? within
          : `${within}; and not __fish_seen_subcommand_from ${names}`;
    const rows = [
      ...commands.map((one) => `-n '${condition}' -f -a ${one.name} -d '${quoteFish(one.description)}'`),
      ...options.map((option) => {
        const short = option.short ? ` -s ${option.short.slice(1)}` : '';
        const choices = option.argChoices ? ` -x -a '${option.argChoices.join(' ')}'` : option.required ? ' -r' : '';
        return `-n '${within === '' ? '__fish_use_subcommand' : within}'${short} -l ${(option.long ?? '').slice(2)}${choices} -d '${quoteFish(option.description)}'`;
      }),
    ];
    return rows.flatMap((row) => [`complete -c llm-copilot ${row}`, `complete -c lca ${row}`]);
  });
  return `# fish completion for llm-copilot; made by "llm-copilot completion fish"\n${lines.join('\n')}\n`;
};

/** The shells there is a script for. */
export const completionShells = ['bash', 'zsh', 'fish'] as const;

/** A completion script made from the command tree. @throws CopilotError exit 2 for another shell. */
export const completionScript = (shell: string, program: Command): string => {
  const nodes = tree(program);
  switch (shell) {
    case 'bash':
      return bash(nodes);
    case 'zsh':
      return zsh(nodes);
    case 'fish':
      return fish(nodes);
    default:
      throw usageError(`There is no completion for "${shell}".`, `Shells: ${completionShells.join(', ')}.`);
  }
};
