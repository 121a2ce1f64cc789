// A process of its own, for Node reads its issuers once: asks every provider at every URL it is given, and prints what went
// wrong as JSON.
import { requireTls } from '../../src/host/web/web-tls.ts';
import { isProviderError } from '../../src/core/provider.ts';
import { collect, make, subjects } from './provider-subjects.ts';

/** What one provider said of one server. */
export interface Said {
  provider: string;
  url: string;
  kind: string;
  retryable: boolean;
  message: string;
  hint: string | undefined;
}

await requireTls('TLSv1.3');
const said: Said[] = [];
for (const url of process.argv.slice(2)) {
  for (const subject of subjects) {
    const provider = await make(subject, subject.env(url));
    const error: unknown = await collect(provider).catch((reason: unknown) => reason);
    const { name } = subject;
    said.push(
      isProviderError(error)
        ? {
            provider: name,
            url,
            kind: error.kind,
            retryable: error.retryable,
            message: error.message,
            hint: error.hint,
          }
        : { provider: name, url, kind: 'none', retryable: false, message: JSON.stringify(error), hint: undefined },
    );
  }
}
process.stdout.write(JSON.stringify(said));
