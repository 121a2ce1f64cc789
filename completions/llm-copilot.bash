# bash completion for llm-copilot; made by "llm-copilot completion bash"
_llm_copilot() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" path="" words="" i
  case "$prev" in
    --output-format) COMPREPLY=($(compgen -W "text json stream-json" -- "$cur")); return ;;
    --permission-mode) COMPREPLY=($(compgen -W "plan ask accept-edits auto bypass" -- "$cur")); return ;;
    --sandbox) COMPREPLY=($(compgen -W "auto local docker bubblewrap" -- "$cur")); return ;;
    --verify) COMPREPLY=($(compgen -W "auto never" -- "$cur")); return ;;
    --format) COMPREPLY=($(compgen -W "text json sarif github markdown junit" -- "$cur")); return ;;
    --fail-on) COMPREPLY=($(compgen -W "critical high medium low never" -- "$cur")); return ;;
    --format) COMPREPLY=($(compgen -W "text markdown json" -- "$cur")); return ;;
    --style) COMPREPLY=($(compgen -W "conventional keep" -- "$cur")); return ;;
    --format) COMPREPLY=($(compgen -W "markdown json" -- "$cur")); return ;;
    --kind) COMPREPLY=($(compgen -W "code doc commit memory" -- "$cur")); return ;;
    --kind) COMPREPLY=($(compgen -W "fact strategy episode skill" -- "$cur")); return ;;
    --scope) COMPREPLY=($(compgen -W "repo branch user" -- "$cur")); return ;;
    --scope) COMPREPLY=($(compgen -W "repo user" -- "$cur")); return ;;
    --format) COMPREPLY=($(compgen -W "jsonl markdown" -- "$cur")); return ;;
    --by) COMPREPLY=($(compgen -W "day model repo session workflow" -- "$cur")); return ;;
    --format) COMPREPLY=($(compgen -W "litellm models.dev" -- "$cur")); return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${COMP_WORDS[i]}" in
      -*) ;;
      *) case "||run|generate|refactor|optimize|debug|explain|test|document|plan|commit|review|hooks|hooks install|hooks uninstall|hooks status|hooks run|explain-diff|changelog|release-notes|search|index|map|memory|memory add|memory search|memory list|memory show|memory edit|memory forget|memory stats|memory verify|memory inbox|memory inbox list|memory inbox accept|memory inbox reject|memory export|memory import|undo|undo prune|sessions|sessions list|sessions show|sessions export|sessions verify|sessions delete|policy|policy explain|policy test|policy list|trust|trust add|trust list|trust revoke|sandbox|sandbox run|sandbox image|sandbox image build|sandbox prune|init|config|config show|config get|config set|config path|checks|usage|models|models list|models show|models compare|models route|models tokens|models import|models export|secrets|secrets set|secrets get|secrets list|secrets rm|secrets rotate|secrets import|secrets scan|mfa|mfa enroll|mfa status|mfa check|mfa remove|audit|audit verify|audit export|audit prune|privacy|privacy export|privacy erase|doctor|completion|demo|help|" in
           *"|${path:+$path }${COMP_WORDS[i]}|"*) path="${path:+$path }${COMP_WORDS[i]}" ;;
         esac ;;
    esac
  done
  case "$path" in
    "") words="run generate refactor optimize debug explain test document plan commit review hooks explain-diff changelog release-notes search index map memory undo sessions policy trust sandbox init config checks usage models secrets mfa audit privacy doctor completion demo help -v --version -p --print --output-format --include-partial-messages -c --continue -r --resume --fork-session --session-id -m --model --fallback-model --permission-mode --sandbox --profile --otp --trust --allowed-tools --disallowed-tools --add-dir --max-turns --max-cost-usd --max-tokens --max-repairs --timeout --verify --require-verified --json-schema --append-system-prompt --image -C --cd -q --quiet --debug" ;;
    "run") words="--output-format --include-partial-messages -c --continue -r --resume --fork-session --session-id -m --model --fallback-model --permission-mode --sandbox --profile --otp --trust --allowed-tools --disallowed-tools --add-dir --max-turns --max-cost-usd --max-tokens --max-repairs --timeout --verify --require-verified --json-schema --append-system-prompt --image -C --cd -q --quiet --debug" ;;
    "generate") words="--output-format --include-partial-messages -c --continue -r --resume --fork-session --session-id -m --model --fallback-model --permission-mode --sandbox --profile --otp --trust --allowed-tools --disallowed-tools --add-dir --max-turns --max-cost-usd --max-tokens --max-repairs --timeout --verify --require-verified --json-schema --append-system-prompt --image -C --cd -q --quiet --debug" ;;
    "refactor") words="--output-format --include-partial-messages -c --continue -r --resume --fork-session --session-id -m --model --fallback-model --permission-mode --sandbox --profile --otp --trust --allowed-tools --disallowed-tools --add-dir --max-turns --max-cost-usd --max-tokens --max-repairs --timeout --verify --require-verified --json-schema --append-system-prompt --image -C --cd -q --quiet --debug --allow-test-changes" ;;
    "optimize") words="--output-format --include-partial-messages -c --continue -r --resume --fork-session --session-id -m --model --fallback-model --permission-mode --sandbox --profile --otp --trust --allowed-tools --disallowed-tools --add-dir --max-turns --max-cost-usd --max-tokens --max-repairs --timeout --verify --require-verified --json-schema --append-system-prompt --image -C --cd -q --quiet --debug --measure --allow-test-changes" ;;
    "debug") words="--output-format --include-partial-messages -c --continue -r --resume --fork-session --session-id -m --model --fallback-model --permission-mode --sandbox --profile --otp --trust --allowed-tools --disallowed-tools --add-dir --max-turns --max-cost-usd --max-tokens --max-repairs --timeout --verify --require-verified --json-schema --append-system-prompt --image -C --cd -q --quiet --debug --command --allow-test-changes" ;;
    "explain") words="--output-format --include-partial-messages -c --continue -r --resume --fork-session --session-id -m --model --fallback-model --permission-mode --sandbox --profile --otp --trust --allowed-tools --disallowed-tools --add-dir --max-turns --max-cost-usd --max-tokens --max-repairs --timeout --verify --require-verified --json-schema --append-system-prompt --image -C --cd -q --quiet --debug" ;;
    "test") words="--output-format --include-partial-messages -c --continue -r --resume --fork-session --session-id -m --model --fallback-model --permission-mode --sandbox --profile --otp --trust --allowed-tools --disallowed-tools --add-dir --max-turns --max-cost-usd --max-tokens --max-repairs --timeout --verify --require-verified --json-schema --append-system-prompt --image -C --cd -q --quiet --debug" ;;
    "document") words="--output-format --include-partial-messages -c --continue -r --resume --fork-session --session-id -m --model --fallback-model --permission-mode --sandbox --profile --otp --trust --allowed-tools --disallowed-tools --add-dir --max-turns --max-cost-usd --max-tokens --max-repairs --timeout --verify --require-verified --json-schema --append-system-prompt --image -C --cd -q --quiet --debug" ;;
    "plan") words="--output-format --include-partial-messages -c --continue -r --resume --fork-session --session-id -m --model --fallback-model --permission-mode --sandbox --profile --otp --trust --allowed-tools --disallowed-tools --add-dir --max-turns --max-cost-usd --max-tokens --max-repairs --timeout --verify --require-verified --json-schema --append-system-prompt --image -C --cd -q --quiet --debug" ;;
    "commit") words="-a --all --amend -e --edit --print --dry-run --json -y --yes -n --candidates --type --scope -m --model --no-model --signoff --no-body" ;;
    "review") words="--staged --worktree --base --format --json -o --output --fail-on --new-only --all -m --model --no-model --require-model --max-cost-usd --write-baseline --dismiss --reopen --reason --stats -q --quiet" ;;
    "hooks") words="install uninstall status run" ;;
    "hooks install") words="--hook --all --shared --dry-run --json" ;;
    "hooks uninstall") words="--hook --json" ;;
    "hooks status") words="--json" ;;
    "hooks run") words="" ;;
    "explain-diff") words="--staged --worktree --base -m --model --no-model -o --output --format --json" ;;
    "changelog") words="--from --to --unreleased --release --tag-prefix --path --style --all --write -o --output --format" ;;
    "release-notes") words="--next --tag-prefix -m --model --no-model -o --output --format" ;;
    "search") words="--files -n --limit --kind --path --json" ;;
    "index") words="--rebuild --prune --json" ;;
    "map") words="--tokens --json" ;;
    "memory") words="add search list show edit forget stats verify inbox export import" ;;
    "memory add") words="--kind --scope --file --commit --confidence --expires --json" ;;
    "memory search") words="-n --limit --json" ;;
    "memory list") words="--kind --scope --stale --expired --all --json" ;;
    "memory show") words="--json" ;;
    "memory edit") words="--kind --scope --confidence --expires --still-holds --json" ;;
    "memory forget") words="" ;;
    "memory stats") words="--json" ;;
    "memory verify") words="--json" ;;
    "memory inbox") words="list accept reject" ;;
    "memory inbox list") words="--all --json" ;;
    "memory inbox accept") words="--all" ;;
    "memory inbox reject") words="--all" ;;
    "memory export") words="--format --all" ;;
    "memory import") words="--trust --into-repo --also-forgotten --skip-invalid --json" ;;
    "undo") words="prune --run --last --list --session --dry-run --force --json" ;;
    "undo prune") words="--days --max-size --json" ;;
    "sessions") words="list show export verify delete" ;;
    "sessions list") words="--all --journals --json" ;;
    "sessions show") words="" ;;
    "sessions export") words="" ;;
    "sessions verify") words="" ;;
    "sessions delete") words="" ;;
    "policy") words="explain test list" ;;
    "policy explain") words="--permission-mode --sandbox --trust --json --tainted" ;;
    "policy test") words="--permission-mode --sandbox --trust --json" ;;
    "policy list") words="--permission-mode --sandbox --trust --json" ;;
    "trust") words="add list revoke" ;;
    "trust add") words="" ;;
    "trust list") words="--json" ;;
    "trust revoke") words="" ;;
    "sandbox") words="run image prune" ;;
    "sandbox run") words="--sandbox --image --allow-host --timeout --trust" ;;
    "sandbox image") words="build" ;;
    "sandbox image build") words="--tag" ;;
    "sandbox prune") words="--json" ;;
    "init") words="-y --yes --dry-run --hooks --json" ;;
    "config") words="show get set path" ;;
    "config show") words="--origin --json" ;;
    "config get") words="--origin" ;;
    "config set") words="--project" ;;
    "config path") words="" ;;
    "checks") words="--json" ;;
    "usage") words="--by --since --json" ;;
    "models") words="list show compare route tokens import export" ;;
    "models list") words="--provider --json" ;;
    "models show") words="--json" ;;
    "models compare") words="--json" ;;
    "models route") words="--needs --context --output --models --strategy --explain --json" ;;
    "models tokens") words="-m --model --json" ;;
    "models import") words="--provider --dry-run" ;;
    "models export") words="--format --provider" ;;
    "secrets") words="set get list rm rotate import scan" ;;
    "secrets set") words="--scope" ;;
    "secrets get") words="" ;;
    "secrets list") words="--json" ;;
    "secrets rm") words="" ;;
    "secrets rotate") words="" ;;
    "secrets import") words="--scope" ;;
    "secrets scan") words="--json" ;;
    "mfa") words="enroll status check remove" ;;
    "mfa enroll") words="--code" ;;
    "mfa status") words="--json" ;;
    "mfa check") words="" ;;
    "mfa remove") words="--code" ;;
    "audit") words="verify export prune" ;;
    "audit verify") words="--head --export --key --json" ;;
    "audit export") words="--from --to --session --format --output --sign" ;;
    "audit prune") words="--older-than --dry-run --json" ;;
    "privacy") words="export erase" ;;
    "privacy export") words="--repo --session --all --output" ;;
    "privacy erase") words="--repo --session --all --yes --json" ;;
    "doctor") words="--json" ;;
    "completion") words="" ;;
    "demo") words="--keep" ;;
    "help") words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ ${#COMPREPLY[@]} -gt 0 || "$cur" == -* ]] || COMPREPLY=($(compgen -f -- "$cur"))
}
complete -F _llm_copilot llm-copilot lca
