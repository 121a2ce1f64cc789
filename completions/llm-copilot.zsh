#compdef llm-copilot lca
# zsh completion for llm-copilot; made by "llm-copilot completion zsh"
_llm_copilot() {
  local path="" i
  local -a subs flags
  for ((i = 2; i < CURRENT; i++)); do
    case "${words[i]}" in
      -*) ;;
      *) case "||run|search|index|map|memory|memory add|memory search|memory list|memory show|memory edit|memory forget|memory stats|memory verify|memory inbox|memory inbox list|memory inbox accept|memory inbox reject|memory export|memory import|undo|undo prune|sessions|sessions list|sessions show|sessions export|sessions verify|sessions delete|policy|policy explain|policy test|policy list|trust|trust add|trust list|trust revoke|sandbox|sandbox run|sandbox image|sandbox image build|sandbox prune|init|config|config show|config get|config set|config path|checks|usage|models|models list|models show|models compare|models route|models tokens|models import|models export|secrets|secrets set|secrets get|secrets list|secrets rm|secrets rotate|secrets import|secrets scan|mfa|mfa enroll|mfa status|mfa check|mfa remove|audit|audit verify|audit export|audit prune|privacy|privacy export|privacy erase|doctor|completion|demo|help|" in
           *"|${path:+$path }${words[i]}|"*) path="${path:+$path }${words[i]}" ;;
         esac ;;
    esac
  done
  case "$path" in
    "") subs=('run:do a task in this folder, then check it' 'search:find code, docs, commits and notes by topic, words or names; exit 1 when there is nothing' 'index:bring this repository'\''s search index up to date (search does it by itself)' 'map:the definitions everything else leans on; with files given, those that matter to them' 'memory:what is remembered across runs' 'undo:take back what a step of the agent changed, shell commands included' 'sessions:list, show, export and delete recorded sessions' 'policy:what is allowed, asked and denied, and why' 'trust:folders whose own configuration may widen permissions' 'sandbox:run commands where the agent runs them, and look after images' 'init:propose a sandbox and checks for this folder, and write them after a yes' 'config:show and change settings' 'checks:the checks that were found, and why' 'usage:what models used and cost, and how full the budgets are' 'models:what is known of models\: limits, features, prices' 'secrets:keep API keys and tokens encrypted; find some where they should not be' 'mfa:a second factor\: codes of an authenticator app' 'audit:check, export and prune the log of everything that happened' 'privacy:see and erase what is kept of a repository or a session' 'doctor:check this machine' 'completion:print a completion script for bash, zsh or fish' 'demo:see the main job work here, without any key' 'help:help for a command, "exit-codes" or "permissions"'); flags=('-v[output the version number]' '--version[output the version number]' '-p[do the task given as text, print the answer, exit]' '--print[do the task given as text, print the answer, exit]' '--output-format[text, json (one object) or stream-json (one event per line)]' '--include-partial-messages[stream-json\: also print text as it streams]' '-c[go on with the newest session of this folder]' '--continue[go on with the newest session of this folder]' '-r[go on with a session (id or its beginning)]' '--resume[go on with a session (id or its beginning)]' '--fork-session[with --continue or --resume\: leave that session as it is]' '--session-id[id for the new session]' '-m[model to use]' '--model[model to use]' '--fallback-model[models to go over to when the first one fails\: provider/model,…]' '--permission-mode[what is allowed without asking]' '--sandbox[where commands run]' '--profile[use a profile of the configuration]' '--otp[one-time code for a production profile]' '--trust[let this folder’s own configuration widen permissions, this once]' '--allowed-tools[allow without asking\: edit,exec(npm test *)]' '--disallowed-tools[forbid\: shell,write(dist/**)]' '--add-dir[another folder that counts as the workspace]' '--max-turns[model calls before it is stopped]' '--max-cost-usd[hard limit on money]' '--max-tokens[hard limit on tokens, in and out]' '--max-repairs[how often failing checks go back to the model]' '--timeout[hard limit on time\: 90s, 10m, 1h]' '--verify[run the checks when files changed]' '--require-verified[exit 1 unless everything is verified]' '--json-schema[the answer must be JSON fitting this schema]' '--append-system-prompt[added to the system prompt]' '--image[a picture for the task (png, jpg, gif, webp)]' '-C[work in this folder]' '--cd[work in this folder]' '-q[no progress on standard error]' '--quiet[no progress on standard error]' '--debug[show stack traces]') ;;
    "run") subs=(); flags=('--output-format[text, json (one object) or stream-json (one event per line)]' '--include-partial-messages[stream-json\: also print text as it streams]' '-c[go on with the newest session of this folder]' '--continue[go on with the newest session of this folder]' '-r[go on with a session (id or its beginning)]' '--resume[go on with a session (id or its beginning)]' '--fork-session[with --continue or --resume\: leave that session as it is]' '--session-id[id for the new session]' '-m[model to use]' '--model[model to use]' '--fallback-model[models to go over to when the first one fails\: provider/model,…]' '--permission-mode[what is allowed without asking]' '--sandbox[where commands run]' '--profile[use a profile of the configuration]' '--otp[one-time code for a production profile]' '--trust[let this folder’s own configuration widen permissions, this once]' '--allowed-tools[allow without asking\: edit,exec(npm test *)]' '--disallowed-tools[forbid\: shell,write(dist/**)]' '--add-dir[another folder that counts as the workspace]' '--max-turns[model calls before it is stopped]' '--max-cost-usd[hard limit on money]' '--max-tokens[hard limit on tokens, in and out]' '--max-repairs[how often failing checks go back to the model]' '--timeout[hard limit on time\: 90s, 10m, 1h]' '--verify[run the checks when files changed]' '--require-verified[exit 1 unless everything is verified]' '--json-schema[the answer must be JSON fitting this schema]' '--append-system-prompt[added to the system prompt]' '--image[a picture for the task (png, jpg, gif, webp)]' '-C[work in this folder]' '--cd[work in this folder]' '-q[no progress on standard error]' '--quiet[no progress on standard error]' '--debug[show stack traces]') ;;
    "search") subs=(); flags=('--files[one result per file]' '-n[at most so many results]' '--limit[at most so many results]' '--kind[only these (again for more)\: code, doc, commit, memory]' '--path[only files below or fitting it (again for more)]' '--json[as JSON]') ;;
    "index") subs=(); flags=('--rebuild[make it anew]' '--prune[remove indexes of folders that are gone]' '--json[as JSON]') ;;
    "map") subs=(); flags=('--tokens[at most about so many tokens]' '--json[as JSON]') ;;
    "memory") subs=('add:remember something; "-" reads it from standard input' 'search:what would be recalled for this' 'list:what is remembered here, newest first' 'show:one item with all that is known of it' 'edit:say it anew, or change what is known of it' 'forget:delete items for good; their ids stay, so that no import brings them back' 'stats:how much is remembered, and where' 'verify:read everything; exit 1 when something cannot be read' 'inbox:what agents want remembered, and your yes or no' 'export:what is remembered here as JSON Lines, or for people; to standard output without a file' 'import:take an export in; its items wait in the inbox'); flags=() ;;
    "memory add") subs=(); flags=('--kind[what it is]' '--scope[where it holds\: in this repository, on this branch, or everywhere]' '--file[lines it rests on; when they change it is no longer recalled (again for more)]' '--commit[a commit it rests on (again for more)]' '--confidence[how sure it is, 0 to 1]' '--expires[a day such as 2027-01-31, or a span such as 30d]' '--json[as JSON]') ;;
    "memory search") subs=(); flags=('-n[at most so many]' '--limit[at most so many]' '--json[as JSON]') ;;
    "memory list") subs=(); flags=('--kind[what it is]' '--scope[only what holds there]' '--stale[only what is not recalled because the lines it cites changed]' '--expired[what has expired]' '--all[of all repositories]' '--json[as JSON]') ;;
    "memory show") subs=(); flags=('--json[as JSON]') ;;
    "memory edit") subs=(); flags=('--kind[what it is]' '--scope[where it holds\: in this repository, on this branch, or everywhere]' '--confidence[how sure it is, 0 to 1]' '--expires[a day, a span such as 30d, or "never"]' '--still-holds[it holds although lines it cites changed]' '--json[as JSON]') ;;
    "memory forget") subs=(); flags=() ;;
    "memory stats") subs=(); flags=('--json[as JSON]') ;;
    "memory verify") subs=(); flags=('--json[as JSON]') ;;
    "memory inbox") subs=('list:what waits, oldest first' 'accept:from now on they are recalled' 'reject:delete them; who proposes the same again is told so'); flags=() ;;
    "memory inbox list") subs=(); flags=('--all[of all repositories]' '--json[as JSON]') ;;
    "memory inbox accept") subs=(); flags=('--all[everything that waits here]') ;;
    "memory inbox reject") subs=(); flags=('--all[everything that waits here]') ;;
    "memory export") subs=(); flags=('--format[which]' '--all[of all repositories]') ;;
    "memory import") subs=(); flags=('--trust[they are your own\: they count at once]' '--into-repo[what belongs to a repository there belongs to this one here]' '--also-forgotten[also what was forgotten here]' '--skip-invalid[leave out lines that are wrong; else one of them stops everything]' '--json[as JSON]') ;;
    "undo") subs=('prune:forget old snapshots of this folder'); flags=('--run[every step of a run (an id, its beginning, or "last")]' '--last[the last step that is not taken back yet (the default)]' '--list[show the steps, and what undo does not cover]' '--session[of this session instead of the newest of this folder]' '--dry-run[only show what would happen]' '--force[overwrite what was changed since]' '--json[one JSON object]') ;;
    "undo prune") subs=(); flags=('--days[keep those of so many days]' '--max-size[keep no more than this, such as 500MB]' '--json[one JSON object]') ;;
    "sessions") subs=('list:sessions of this folder, newest first' 'show:the conversation of a session' 'export:every event as one line of JSON' 'verify:check the hash chain' 'delete:delete a session; a tombstone with its last hash stays'); flags=() ;;
    "sessions list") subs=(); flags=('--all[of every folder]' '--journals[instead what was changed outside of runs]' '--json[as JSON]') ;;
    "sessions show") subs=(); flags=() ;;
    "sessions export") subs=(); flags=() ;;
    "sessions verify") subs=(); flags=() ;;
    "sessions delete") subs=(); flags=() ;;
    "policy") subs=('explain:what would happen to a shell command' 'test:check a file of cases, by default .llm-copilot/policy-tests.yaml' 'list:every rule in force, and what holds it up'); flags=() ;;
    "policy explain") subs=(); flags=('--permission-mode[as if run with this mode]' '--sandbox[as if run in this sandbox]' '--trust[as if this folder were trusted]' '--json[as JSON]' '--tainted[as in a run that has read text from outside]') ;;
    "policy test") subs=(); flags=('--permission-mode[as if run with this mode]' '--sandbox[as if run in this sandbox]' '--trust[as if this folder were trusted]' '--json[as JSON]') ;;
    "policy list") subs=(); flags=('--permission-mode[as if run with this mode]' '--sandbox[as if run in this sandbox]' '--trust[as if this folder were trusted]' '--json[as JSON]') ;;
    "trust") subs=('add:trust a folder’s configuration and instructions as they are now' 'list:folders you trust' 'revoke:trust a folder no longer'); flags=() ;;
    "trust add") subs=(); flags=() ;;
    "trust list") subs=(); flags=('--json[as JSON]') ;;
    "trust revoke") subs=(); flags=() ;;
    "sandbox") subs=('run:run one command with the masks and limits the agent’s commands have' 'image:images for the docker sandbox' 'prune:remove containers whose llm-copilot is gone'); flags=() ;;
    "sandbox run") subs=(); flags=('--sandbox[which one]' '--image[a container image for docker]' '--allow-host[a host it may reach, such as registry.npmjs.org]' '--timeout[end it after this time]' '--trust[as if this folder were trusted]') ;;
    "sandbox image") subs=('build:build an image\: node, python, go or rust'); flags=() ;;
    "sandbox image build") subs=(); flags=('--tag[its name; llm-copilot/<name> when left out]') ;;
    "sandbox prune") subs=(); flags=('--json[as JSON]') ;;
    "init") subs=(); flags=('-y[write without asking]' '--yes[write without asking]' '--json[as JSON]') ;;
    "config") subs=('show:every setting in force' 'get:one setting' 'set:change a setting in your own file' 'path:where the files are'); flags=() ;;
    "config show") subs=(); flags=('--origin[say where each value comes from]' '--json[as JSON]') ;;
    "config get") subs=(); flags=('--origin[say where it comes from]') ;;
    "config set") subs=(); flags=('--project[in this project’s .llm-copilot/config.yaml instead]') ;;
    "config path") subs=(); flags=() ;;
    "checks") subs=(); flags=('--json[as JSON]') ;;
    "usage") subs=(); flags=('--by[add up by]' '--since[from this day on (UTC); the first of this month when left out]' '--json[as JSON]') ;;
    "models") subs=('list:every known model' 'show:all that is known of a model, and where from' 'compare:what a switch from one model to another loses' 'route:which model would be asked for a request, and why' 'tokens:how many tokens files are, or what comes on standard input' 'import:take over limits and prices from models.dev'\''s api.json or LiteLLM'\''s price file' 'export:write what is known in the format of one of these lists'); flags=() ;;
    "models list") subs=(); flags=('--provider[of one provider only]' '--json[as JSON]') ;;
    "models show") subs=(); flags=('--json[as JSON]') ;;
    "models compare") subs=(); flags=('--json[as JSON]') ;;
    "models route") subs=(); flags=('--needs[what it must be able to do\: images,tools,thinking,json-schema,…]' '--context[input tokens of the request]' '--output[output tokens at most]' '--models[these models instead of the configured ones\: provider/model,…]' '--strategy[this strategy instead of the configured one]' '--explain[all candidates in order, with losses, price and why]' '--json[as JSON]') ;;
    "models tokens") subs=(); flags=('-m[for this model instead of the configured one]' '--model[for this model instead of the configured one]' '--json[as JSON]') ;;
    "models import") subs=(); flags=('--provider[of one provider only]' '--dry-run[only say what would change]') ;;
    "models export") subs=(); flags=('--format[which one]' '--provider[of one provider only]') ;;
    "secrets") subs=('set:keep a value, which is asked for or piped in' 'get:print a value; that it was read is recorded' 'list:names, who may read them and how old they are; never values' 'rm:remove secrets' 'rotate:change a value; without a name\: encrypt everything anew under another key' 'import:keep what a .env file or a JSON object holds; - is standard input' 'scan:look for secrets in files (- for standard input); exit 1 when there are any'); flags=() ;;
    "secrets set") subs=(); flags=('--scope[who may read it, separated by commas; * is every plugin]') ;;
    "secrets get") subs=(); flags=() ;;
    "secrets list") subs=(); flags=('--json[as JSON]') ;;
    "secrets rm") subs=(); flags=() ;;
    "secrets rotate") subs=(); flags=() ;;
    "secrets import") subs=(); flags=('--scope[who may read them, separated by commas; * is every plugin]') ;;
    "secrets scan") subs=(); flags=('--json[as JSON]') ;;
    "mfa") subs=('enroll:make a secret for the app and confirm it with a code' 'status:whether a second factor is enrolled' 'check:try a code; each is taken once' 'remove:do without a second factor again; takes a code'); flags=() ;;
    "mfa enroll") subs=(); flags=('--code[confirm the secret that was made before]') ;;
    "mfa status") subs=(); flags=('--json[as JSON]') ;;
    "mfa check") subs=(); flags=() ;;
    "mfa remove") subs=(); flags=('--code[a code of the app, instead of being asked]') ;;
    "audit") subs=('verify:check every hash of the log, or the signature of an export' 'export:every event in order of time, as lines of JSON or CSV' 'prune:delete sessions that are older than audit.retentionDays; tombstones stay'); flags=() ;;
    "audit verify") subs=(); flags=('--head[also that this head, noted elsewhere, is still in it]' '--export[check a signed export instead]' '--key[with --export\: that this key signed it]' '--json[one JSON object]') ;;
    "audit export") subs=(); flags=('--from[from this day or time on (UTC), such as 2026-11-01 or 2026-11-01T12\:00Z]' '--to[up to and with this day or time]' '--session[only what was recorded in this session]' '--format[jsonl or csv]' '--output[into a file instead of standard output]' '--sign[sign it; with csv the signature goes to <file>.sig]') ;;
    "audit prune") subs=(); flags=('--older-than[instead of audit.retentionDays]' '--dry-run[only say which]' '--json[one JSON object]') ;;
    "privacy") subs=('export:everything that is kept, one JSON document per line' 'erase:erase what is kept; tombstones with ids and hashes stay'); flags=() ;;
    "privacy export") subs=(); flags=('--repo[of this repository\: sessions in it, trust, rules, snapshots for undo, its index, notes about it]' '--session[of one session and those forked from it]' '--all[of every repository]' '--output[into a file instead of standard output]') ;;
    "privacy erase") subs=(); flags=('--repo[of this repository\: sessions in it, trust, rules, snapshots for undo, its index, notes about it]' '--session[of one session and those forked from it]' '--all[of every repository, and all spending; not the configuration nor the vault]' '--yes[do not ask]' '--json[one JSON object]') ;;
    "doctor") subs=(); flags=('--json[as JSON]') ;;
    "completion") subs=(); flags=() ;;
    "demo") subs=(); flags=('--keep[leave the demo’s folder for a look]') ;;
    "help") subs=(); flags=() ;;
  esac
  (( ${#subs} )) && _describe command subs
  _arguments $flags '*:file:_files'
}
compdef _llm_copilot llm-copilot lca
