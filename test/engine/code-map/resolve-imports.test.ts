import { describe, expect, it } from 'vitest';
import { importResolver } from '../../../src/engine/code-map/resolve-imports.ts';

/** The paths an import means, in a project of these files. */
const meant = (files: readonly string[], from: string, target: string): string[] =>
  importResolver(files)(from, target).map((file) => files[file] ?? '');

describe('an import', () => {
  const web = ['src/app.ts', 'src/views/index.tsx', 'src/views/start.tsx', 'src/util.js', 'lib/react/index.js'];
  it.each([
    ['src/app.ts', './views/start', ['src/views/start.tsx']],
    ['src/app.ts', './views/start.js', ['src/views/start.tsx']],
    ['src/app.ts', './views', ['src/views/index.tsx']],
    ['src/views/start.tsx', '../util.js', ['src/util.js']],
    ['src/views/start.tsx', '.', ['src/views/index.tsx']],
    ['src/app.ts', '@/views/start', ['src/views/start.tsx']],
    ['src/app.ts', 'react', []],
    ['src/app.ts', '@scope/views', []],
    ['src/app.ts', './absent', []],
    ['src/app.ts', '../../../etc/passwd', []],
    ['src/app.ts', '', []],
  ])('of JavaScript: %s means by %s %j', (from, target, files) => expect(meant(web, from, target)).toEqual(files));

  const python = ['src/flask/__init__.py', 'src/flask/app.py', 'src/flask/json/tag.py', 'tests/test_app.py'];
  it.each([
    ['tests/test_app.py', 'flask', ['src/flask/__init__.py']],
    ['tests/test_app.py', 'flask.app', ['src/flask/app.py']],
    ['tests/test_app.py', 'flask.json.tag.Tagger', ['src/flask/json/tag.py']],
    ['src/flask/json/tag.py', '..app', ['src/flask/app.py']],
    ['src/flask/app.py', '.json.tag', ['src/flask/json/tag.py']],
    ['src/flask/app.py', '.', ['src/flask/__init__.py']],
    ['src/flask/app.py', 'os.path', []],
  ])('of Python: %s means by %s %j', (from, target, files) => expect(meant(python, from, target)).toEqual(files));

  it('of other languages means what its last names fit', () => {
    expect(meant(['cobra.go', 'doc/man.go', 'doc/util.go', 'x.go'], 'x.go', '"github.com/spf13/cobra/doc"')).toEqual([
      ...['doc/man.go', 'doc/util.go'],
    ]);
    expect(meant(['src/a.rs', 'src/grep/mod.rs', 'src/grep/sink.rs'], 'src/a.rs', 'crate::grep::sink::Sink')).toEqual([
      'src/grep/sink.rs',
    ]);
    const java = ['core/src/main/java/org/acme/Tool.java', 'app/src/main/java/org/acme/App.java'];
    expect(meant(java, java[1] ?? '', 'org.acme.Tool')).toEqual([java[0]]);
    expect(meant(['include/net/socket.h', 'src/net.c'], 'src/net.c', '<net/socket.h>')).toEqual([
      'include/net/socket.h',
    ]);
    expect(meant(['src/net.h', 'src/net.c', 'old/net.h'], 'src/net.c', '"net.h"')).toEqual(['src/net.h']);
    expect(meant(['app/Models/User.php', 'app/x.php'], 'app/x.php', 'App\\Models\\User')).toEqual([
      'app/Models/User.php',
    ]);
    expect(meant(['lib/tool/run.rb', 'lib/tool.rb'], 'lib/tool.rb', 'tool/run')).toEqual(['lib/tool/run.rb']);
  });

  it('means nothing when many files fit', () => {
    const files = Array.from({ length: 9 }, (_, at) => `p${at}/src/types.py`);
    expect(meant([...files, 'main.py'], 'main.py', 'types')).toEqual([]);
  });
});
