/** Comments that tools obey; each alternative is the tool's own form. */
const directive =
  /@ts-(?:ignore|expect-error|nocheck|check)\b|\beslint-(?:disable|enable|env)|\/\*\s*(?:eslint|globals?|exported)\s|\b(?:istanbul|c8|v8) ignore\b|\b(?:prettier|biome|oxlint|stylelint|deno-lint|deno-fmt)-(?:ignore|disable|enable)|@(?:vitest|jest)-environment\b|@jsx\w*\s|webpack\w+\s*:|@vite-ignore|[#@]__(?:PURE|NO_SIDE_EFFECTS)__|\/\s*<(?:reference|amd-)|#\s*type:|#\s*(?:noqa|nosec|pragma:|pylint:|pyright:|mypy:|ruff:|flake8:|isort:|fmt:|yapf:)|coding[:=]\s*[-\w]+|\/\/\s*(?:go:|\+build\b|export\s|line\s|#nosec|nolint)|#\s*(?:frozen_string_literal|rubocop:|shellcheck\s|typed:)|\b(?:NOLINT|NOSONAR|phpcs:|@phpstan-|@psalm-|clang-format\s+o)|@formatter:/;

/** The lines of a text's comments that say something to a tool, in their order; the shebang too. */
export const directivesIn = (text: string): string[] => [
  ...(/^#!.*/.exec(text)?.[0] === undefined ? [] : [text.slice(0, text.search(/\r?\n|$/))]),
  ...text
    .split('\n')
    .filter((line) => /(?:\/\/|\/\*|^\s*\*|#|<!--|--)/.test(line) && directive.test(line))
    .map((line) => line.slice(Math.max(0, line.search(/\/\/|\/\*|#|<!--/))).trim()),
];
