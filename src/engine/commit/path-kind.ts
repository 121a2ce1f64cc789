/** What a file is for, as far as its path tells. */
export type PathKind =
  | 'source'
  | 'test'
  | 'docs'
  | 'ci'
  | 'manifest'
  | 'lockfile'
  | 'build'
  | 'tooling'
  | 'example'
  | 'bench'
  | 'types'
  | 'style-sheet'
  | 'data'
  | 'asset'
  | 'made';

const rows: readonly [PathKind, RegExp][] = [
  [
    'lockfile',
    /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock|cargo\.lock|poetry\.lock|pdm\.lock|uv\.lock|pipfile\.lock|gemfile\.lock|composer\.lock|go\.sum|go\.work\.sum|gradle\.lockfile|flake\.lock|podfile\.lock|packages\.lock\.json|mix\.lock|pubspec\.lock)$/i,
  ],
  [
    'manifest',
    /(?:^|\/)(?:package\.json|go\.mod|cargo\.toml|pyproject\.toml|setup\.py|setup\.cfg|requirements[\w.-]*\.txt|pipfile|gemfile|[\w.-]+\.gemspec|composer\.json|pom\.xml|build\.gradle(?:\.kts)?|pubspec\.yaml|mix\.exs|[\w.-]+\.csproj|pnpm-workspace\.yaml|go\.work)$/i,
  ],
  [
    'ci',
    /^(?:\.github\/(?:workflows|actions)\/|\.circleci\/|\.buildkite\/|\.gitlab\/|ci\/|\.ci\/)|(?:^|\/)(?:\.travis\.yml|\.gitlab-ci\.ya?ml|appveyor\.yml|\.appveyor\.yml|azure-pipelines\.ya?ml|jenkinsfile|codecov\.ya?ml|\.codecov\.ya?ml|\.drone\.yml|bitbucket-pipelines\.yml)$|^\.github\/(?:dependabot|renovate|labeler|stale|mergify|codeql)[\w.-]*$/i,
  ],
  [
    'test',
    /(?:^|\/)(?:tests?|specs?|__tests__|__mocks__|__snapshots__|__fixtures__|fixtures?|testdata|test-fixtures|playground|e2e|cypress)\/|[._-](?:test|spec|tests|e2e|test-d|cy)\.[\w.]+$|_test\.(?:go|py|rb|exs?|rs|dart|cc|cpp)$|(?:^|\/)(?:test_[\w-]+\.py|conftest\.py|tests?\.(?:[cm]?[jt]sx?|py|rs|go))$|\.(?:snap|golden)$|Tests?\.(?:java|cs|kt|swift)$/,
  ],
  ['bench', /(?:^|\/)(?:bench|benches|benchmarks?|perf)\/|[._-]bench(?:mark)?\.[\w.]+$/i],
  ['example', /(?:^|\/)(?:examples?|_examples?|samples?|demos?|tutorials?)\//i],
  [
    'docs',
    /(?:^|\/)(?:docs?|documentation|website|\.vitepress|man)\/|\.(?:md|mdx|markdown|rst|adoc|asciidoc|1)$|(?:^|\/)(?:readme|licen[cs]e|copying|changelog|changes|contributing|authors|notice|history|news|security|code_of_conduct|maintainers|contributors|support|governance)(?:[.-]\w+)?$|^\.github\/(?:ISSUE_TEMPLATE|PULL_REQUEST_TEMPLATE|FUNDING|CODEOWNERS)|(?:^|\/)CODEOWNERS$|\.all-contributorsrc$/i,
  ],
  [
    'build',
    /(?:^|\/)(?:makefile|gnumakefile|cmakelists\.txt|dockerfile[\w.-]*|docker-compose[\w.-]*|\.dockerignore|rollup\.config\.[\w.]+|webpack\.config\.[\w.]+|vite\.config\.[\w.]+|tsup\.config\.[\w.]+|rolldown\.config\.[\w.]+|tsdown\.config\.[\w.]+|esbuild\.[\w.]+|gulpfile\.[\w.]+|gruntfile\.[\w.]+|babel\.config\.[\w.]+|\.babelrc[\w.]*|build\.(?:rs|js|mjs|sh|py)|meson\.build|justfile|taskfile\.ya?ml|\.goreleaser\.ya?ml|\.npmignore|\.npmrc|nx\.json|lerna\.json|turbo\.json|bower\.json)$|\.(?:cmake|nix)$/i,
  ],
  [
    'tooling',
    /(?:^|\/)(?:\.git(?:ignore|attributes|modules)|\.editorconfig|\.eslint[\w.]*|eslint\.config\.[\w.]+|\.prettier[\w.]*|prettier\.config\.[\w.]+|\.golangci[\w.-]*|\.husky|\.lintstaged[\w.]*|\.commitlintrc[\w.]*|commitlint\.config\.[\w.]+|renovate\.json5?|\.renovaterc[\w.]*|tsconfig[\w.-]*\.json|jsconfig\.json|jest\.config\.[\w.]+|vitest[\w.-]*\.config\.[\w.]+|\.mocharc[\w.]*|\.nycrc|\.taprc|\.c8rc[\w.]*|\.nvmrc|\.node-version|\.tool-versions|cspell\.[\w.]+|\.cspell[\w.]*|knip\.[\w.]+|\.pre-commit-config\.yaml|\.?stylelint[\w.]*|biome\.jsonc?|\.ox[\w.]+|tox\.ini|\.flake8|mypy\.ini|rustfmt\.toml|clippy\.toml|\.mailmap|\.simple-git-hooks[\w.]*|lefthook\.ya?ml|\.markdownlint[\w.-]*|\.yarnrc[\w.]*|\.release-it\.json|\.versionrc|\.clang-format|netlify\.toml|vercel\.json)$|(?:^|\/)(?:\.husky|\.vscode|\.idea|\.changeset|\.devcontainer|\.gitpod|scripts?|tools?|\.cursor|\.claude)\/|^(?:AGENTS|CLAUDE)\.md$/i,
  ],
  ['made', /(?:^|\/)(?:dist|vendor|node_modules|third_party)\/|\.min\.(?:js|css)$|\.map$|\.pb\.go$|_pb2\.py$/i],
  ['types', /\.d\.[cm]?ts$/],
  ['style-sheet', /\.(?:css|scss|sass|less|styl)$/i],
  ['asset', /\.(?:png|jpe?g|gif|svg|ico|webp|avif|mp4|webm|woff2?|ttf|otf|eot|pdf|zip|gz|wasm)$/i],
  ['data', /\.(?:json|jsonc|json5|ya?ml|toml|csv|tsv|xml|txt|ini|cfg|conf|env[\w.]*|po|pot|sql)$/i],
];

/** What a file is for, by its path. */
export const kindOfPath = (path: string): PathKind => rows.find(([, pattern]) => pattern.test(path))?.[0] ?? 'source';
