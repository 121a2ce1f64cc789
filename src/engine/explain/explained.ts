/** What a file is for; areas are told in this order. */
export const areaKinds = [
  'code',
  'dependencies',
  'ci',
  'build',
  'config',
  'tests',
  'docs',
  'data',
  'generated',
] as const;
/** One of {@link areaKinds}. */
export type AreaKind = (typeof areaKinds)[number];

/** A file of an area. */
export interface AreaFile {
  path: string;
  oldPath?: string;
  status: string;
  added: number;
  deleted: number;
  /** Why it has no lines: `binary`, `submodule`, `mode 100644 to 100755`, `lockfile`, … */
  note?: string;
}

/** A definition that came, went or changed. */
export interface NamedChange {
  change: 'added' | 'removed' | 'changed' | 'renamed';
  name: string;
  path: string;
  /** Before it was renamed. */
  from?: string;
  /** Others can use it, as far as its line tells. */
  exported: boolean;
}

/** A part of the project that a change touches. */
export interface Area {
  name: string;
  kind: AreaKind;
  files: AreaFile[];
  added: number;
  deleted: number;
  symbols: NamedChange[];
  /** A model's sentences, each checked against the facts. */
  prose?: string;
}

/** Something others use that is not as it was. */
export interface ApiChange extends NamedChange {
  before?: string;
  after?: string;
}

/** A dependency that came, went or moved. */
export interface DependencyChange {
  manifest: string;
  name: string;
  from?: string;
  to?: string;
}

/** How careful one should be with a change. */
export interface Risk {
  /** 0 to 100. */
  score: number;
  level: 'low' | 'medium' | 'high';
  reasons: { points: number; reason: string }[];
}

/** A change, told by its facts. */
export interface Explained {
  title: string;
  files: number;
  added: number;
  deleted: number;
  commits: { hash: string; subject: string }[];
  areas: Area[];
  api: ApiChange[];
  dependencies: DependencyChange[];
  risk: Risk;
  readingOrder: { path: string; why: string }[];
}
