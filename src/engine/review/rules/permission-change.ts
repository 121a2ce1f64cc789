import type { FileDiff } from '../../../core/diff.ts';
import type { Detected, FindingSeverity } from '../../../core/finding.ts';
import type { ReviewFile, ReviewRule } from '../rule.ts';
import { nameOf } from './code-language.ts';
import { detected, freshMatches, groupOf } from './detected.ts';
import { isTestLine } from './test-lines.ts';

interface Opening {
  pattern: RegExp;
  /** Where it is looked for. */
  where: 'code' | 'yaml' | 'docker' | 'shell' | 'any';
  message: string;
  severity: FindingSeverity;
  suggestion: string;
  /** `text` where the telling part is in a string. */
  of?: 'text';
}

const isYaml = (path: string): boolean => /\.(?:ya?ml|json|tf|hcl|toml)$/i.test(path);
const isDocker = (path: string): boolean =>
  /(?:^|[./-])(?:dockerfile|containerfile)(?:[.-][\w-]+)?$/i.test(nameOf(path));
const isShell = (file: ReviewFile): boolean =>
  file.language === 'shell' || isDocker(file.path) || /\.ya?ml$|Makefile$/i.test(file.path);

const unverified =
  'certificates are not checked any more: anybody between the two ends can read and change what is sent';
const trust = 'Keep the check on; add the authority of the other end to the trusted ones.';
const openings: readonly Opening[] = [
  {
    pattern:
      /\b(verify\s*=\s*False|verify_ssl\s*=\s*False|ssl\s*=\s*False|check_hostname\s*=\s*False|ssl\._create_unverified_context|ssl\.CERT_NONE|CERT_NONE)\b|(\bdisable_warnings\(.*Insecure)/g,
    where: 'code',
    severity: 'high',
    message: unverified,
    suggestion: trust,
  },
  {
    pattern:
      /\b(rejectUnauthorized['"]?\s*:\s*false|strictSSL['"]?\s*:\s*false|InsecureSkipVerify\s*:\s*true|insecureSkipVerify\s*=\s*true|danger_accept_invalid_certs\(\s*true|danger_accept_invalid_hostnames\(\s*true|VERIFY_NONE|NoopHostnameVerifier|ALLOW_ALL_HOSTNAME_VERIFIER|TrustAllCerts\w*|ServerCertificateCustomValidationCallback\s*=\s*\([^)]*\)\s*=>\s*true|DangerousAcceptAnyServerCertificateValidator|CURLOPT_SSL_VERIFY(?:PEER|HOST)\s*(?:,|=>)\s*(?:false|0))/g,
    where: 'code',
    severity: 'high',
    message: unverified,
    suggestion: trust,
  },
  {
    pattern:
      /(NODE_TLS_REJECT_UNAUTHORIZED['"\]]*\s*[:=]\s*['"]?0|GIT_SSL_NO_VERIFY\s*[:=]\s*['"]?(?:1|true)|PYTHONHTTPSVERIFY\s*[:=]\s*['"]?0|http\.sslVerify[ =]false|strict-ssl[ =]+false)/g,
    where: 'any',
    of: 'text',
    severity: 'high',
    message: unverified,
    suggestion: trust,
  },
  {
    pattern: /(\bcurl\b[^|;&\n]*\s(?:-k|--insecure)\b|\bwget\b[^|;&\n]*--no-check-certificate)/g,
    where: 'shell',
    of: 'text',
    severity: 'medium',
    message: unverified,
    suggestion: trust,
  },
  {
    pattern: /\b(chmod\s+(?:-\w+\s+)*(?:0?777|a\+rwx|ugo\+rwx|o\+w|a\+w))\b/g,
    where: 'any',
    of: 'text',
    severity: 'high',
    message: 'everybody on the machine may change it',
    suggestion: 'Give the rights only to who needs them.',
  },
  {
    pattern:
      /\b((?:os\.)?(?:chmod|Chmod|chmodSync|MkdirAll|Mkdir|WriteFile|mkdir|set_mode|from_mode)\s*\([^\n]*?\b0o?777)\b/g,
    where: 'code',
    severity: 'medium',
    message: 'everybody on the machine may change it',
    suggestion: 'Give the rights only to who needs them.',
  },
  {
    pattern:
      /(Access-Control-Allow-Origin['"]?\]?\s*[,:=]?\s*\)?\s*[,:=]?\s*['"]?\*|\borigins?['"]?\s*:\s*\[?\s*['"]\*['"]|\ballow_origins\s*=\s*\[\s*['"]\*['"]|\bAllow(?:ed)?Origins['"]?\s*[:=(]\s*(?:\[\]string\{)?\s*['"]\*['"]|AllowAnyOrigin\(\)|@CrossOrigin\(\s*(?:origins\s*=\s*)?["']\*|CORS_(?:ALLOW_ALL_ORIGINS|ORIGIN_ALLOW_ALL)\s*=\s*True|AllowAllOrigins\s*[:=]\s*true)/g,
    where: 'any',
    of: 'text',
    severity: 'medium',
    message: 'pages of any origin may call this',
    suggestion: 'Name the origins that may.',
  },
  {
    pattern: /\b(NOPASSWD\s*:)/g,
    where: 'any',
    of: 'text',
    severity: 'high',
    message: 'commands run as another user without a password',
    suggestion: 'Name the commands that need it, or leave it out.',
  },
  {
    pattern:
      /^\s*-?\s*["']?(privileged["']?\s*:\s*["']?true|allowPrivilegeEscalation["']?\s*:\s*true|runAsNonRoot["']?\s*:\s*false|runAsUser["']?\s*:\s*0\s*$|hostNetwork["']?\s*:\s*true|hostPID["']?\s*:\s*true|hostIPC["']?\s*:\s*true|network_mode["']?\s*:\s*["']?host|pid["']?\s*:\s*["']?host\b|user["']?\s*:\s*["']?(?:root|0(?::0)?)["']?\s*$|readOnlyRootFilesystem["']?\s*:\s*false)/g,
    where: 'yaml',
    severity: 'high',
    of: 'text',
    message: 'the container may do what the machine it runs on may',
    suggestion: 'Leave it out, or give the one capability that is needed.',
  },
  {
    pattern:
      /^\s*-\s*["']?((?:ALL|SYS_ADMIN|CAP_SYS_ADMIN|NET_ADMIN|SYS_PTRACE)\b(?=["']?\s*$)|(?:\/var\/run\/docker\.sock|\/:\/)[^\s]*|seccomp[:=]unconfined|apparmor[:=]unconfined)/g,
    where: 'yaml',
    severity: 'high',
    of: 'text',
    message: 'the container may do what the machine it runs on may',
    suggestion: 'Leave it out, or give the one capability that is needed.',
  },
  {
    pattern:
      /(\bdocker\s+run\b[^\n]*\s--privileged\b|--cap-add[ =](?:ALL|SYS_ADMIN)\b|--security-opt[ =]seccomp=unconfined)/g,
    where: 'any',
    of: 'text',
    severity: 'high',
    message: 'the container may do what the machine it runs on may',
    suggestion: 'Leave it out, or give the one capability that is needed.',
  },
  {
    pattern:
      /(["']?(?:Action|NotAction|actions)["']?\s*[:=]\s*\[?\s*["']\*["']|["']?Principal["']?\s*[:=]\s*["']\*["']|\bacl\s*=\s*["']public-read(?:-write)?["'])/g,
    where: 'yaml',
    severity: 'high',
    of: 'text',
    message: 'whoever holds this may do everything',
    suggestion: 'Name what is allowed.',
  },
];

const applies = (opening: Opening, file: ReviewFile): boolean => {
  switch (opening.where) {
    case 'code':
      return file.language !== undefined && file.language !== 'shell';
    case 'yaml':
      return isYaml(file.path);
    case 'docker':
      return isDocker(file.path);
    case 'shell':
      return isShell(file);
    case 'any':
      return true;
  }
};

const isExecutable = (mode: string | undefined): boolean => mode === '100755';

/** True of what is run: it names its program, or is one. */
const isRunnable = (file: FileDiff, after: string | undefined): boolean =>
  (after ?? file.hunks[0]?.lines.find((line) => line.newLine === 1)?.text ?? '').startsWith('#!');

/** More rights than before: of files, containers, pages and connections. */
export const permissionChange: ReviewRule = {
  name: 'permission-change',
  severity: 'high',
  claim: 'Something may do, or be done to, more than before: a file, a container, a page, an unchecked connection.',
  cost: 'text',
  *look({ files, diff }): Generator<Detected> {
    const known = new Map(files.map((file) => [file.path, file]));
    for (const file of diff.files) {
      const was = file.oldMode !== undefined && !isExecutable(file.oldMode);
      if (!isExecutable(file.newMode) || file.content !== 'text' || (!was && file.status !== 'added')) continue;
      const after = known.get(file.path)?.after;
      // Without its text nothing can be said.
      if (after === undefined && file.hunks[0]?.newStart !== 1) continue;
      if (
        isRunnable(file, after) ||
        /\.(?:sh|bash|zsh|bat|cmd|ps1|exe|com|fish)$|(?:^|\/)(?:gradlew|mvnw|bin\/[^/]+)$/i.test(file.path)
      )
        continue;
      yield detected(this, file.path, undefined, {
        severity: 'low',
        message: 'The file became executable, but it names no program to run it with (`#!`).',
        evidence: `mode ${file.oldMode ?? 'none'} → ${file.newMode ?? ''}`,
        suggestion: { text: 'Take the mode back: `git update-index --chmod=-x`.' },
      });
    }
    for (const file of files) {
      const { place, path } = file;
      if (place === 'fixture' || place === 'doc' || place === 'test') continue;
      for (const opening of openings) {
        if (!applies(opening, file)) continue;
        for (const { at, match } of freshMatches(file, opening.pattern, opening.of ?? 'code', () => '')) {
          if (isTestLine(file, at.line)) continue;
          if (file.language ? at.code.trim() === '' : /^\s*(?:#|\/\/)/.test(at.text)) continue;
          // In code the name of a header says nothing, its use does; a pattern or a sentence uses nothing.
          if (file.language && opening.of && !/[=:(,[]/.test(at.code)) continue;
          const what = groupOf(match).trim();
          yield detected(this, path, at, {
            severity: place === 'example' ? 'low' : opening.severity,
            confidence: 'medium',
            message: `\`${what.length > 60 ? `${what.slice(0, 59)}…` : what}\`: ${opening.message}.`,
            suggestion: { text: opening.suggestion },
          });
        }
      }
      if (!isDocker(path)) continue;
      for (const { at } of freshMatches(file, /^\s*USER\s+["']?(root|0)(?::\S+)?\s*$/gi)) {
        const later = file.afterCode
          .slice(at.line)
          .some((line) => /^\s*USER\s+(?!["']?(?:root|0)\b)/i.test(line ?? ''));
        if (later) continue;
        yield detected(this, path, at, {
          message: 'What the image starts runs as root.',
          severity: 'medium',
          suggestion: { text: 'Go back to a user of its own before the last instruction.' },
        });
      }
    }
  },
};
