import { describe, expect, it } from 'vitest';
import type { ReadFile } from '../../../src/engine/commit/symbols.ts';
import { apiChanges } from '../../../src/engine/explain/api-changes.ts';

const side = (text: string, line: number): NonNullable<ReadFile['after']> => ({
  text,
  parsed: {
    language: 'x',
    kind: 'code',
    chunks: [],
    imports: [],
    definitions: [{ name: 'f', line }],
    references: new Map(),
  },
});
const compare = (path: string, before: string, after: string) =>
  apiChanges(
    [
      {
        diff: { path, status: 'modified', content: 'text', hunks: [], added: 1, deleted: 1 },
        before: side(before, 1),
        after: side(after, 1),
      },
    ],
    [{ change: 'changed', name: 'f', path, exported: true }],
  ).map(({ before: was, after: is }) => [was, is]);

describe('an exported definition', () => {
  it.each([
    ['a.ts', 'export const f = (a: number): number => a;', 'export const f = (a: number, b: number): number => a;'],
    ['a.ts', 'export function f(a: number) {', 'export function f(a: string) {'],
    ['a.ts', 'export function f(\n  a: number,\n) {', 'export function f(\n  a: number,\n  b?: string,\n) {'],
    ['a.py', 'def f(a):', 'def f(a, b):'],
    ['a.go', 'func F(a int) error {', 'func F(a int, b int) error {'],
    ['a.rs', 'pub fn f(a: u8) -> u8 {', 'pub fn f(a: u8) -> u16 {'],
    ['a.ts', 'export const f: number = 1;', 'export const f: string = 1;'],
  ])('of %s is another one when what callers see changed: %s', (path, before, after) => {
    expect(compare(path, before, after)).toHaveLength(1);
  });

  it.each([
    ['a.ts', 'export const f = (a: number): number => a;', 'export const f = (a: number): number => a + 1;'],
    ['a.ts', 'export function f(a: number) { return 1; }', 'export function f(a: number) { return 2; }'],
    ['a.ts', 'export function f(a: number) {', 'export  function f(a: number)   {'],
    ['a.py', 'def f(a): return 1', 'def f(a): return 2'],
    ['a.ts', "export const f = '1.0';", "export const f = '1.1';"],
    ['test/a.test.ts', 'export function f(a) {', 'export function f(b) {'],
  ])('of %s is the same when only its body changed, or it is a test: %s', (path, before, after) => {
    expect(compare(path, before, after)).toEqual([]);
  });
});
