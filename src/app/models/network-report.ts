import { defaults, type Config } from '../../core/config.ts';
import type { Env } from '../../host/paths.ts';

const shortVersion = (version: string): string => version.replace('TLSv', 'TLS ');

/**
 * How servers are reached: TLS floor, proxies without their credentials, authorities, in one line.
 * @throws CopilotError exit 3 for a proxy or a file of authorities that cannot be used, naming where it was set.
 */
export const networkReport = async (env: Env, root: string, { web, network }: Config): Promise<string> => {
  const [{ proxySettings }, { readAuthorities }] = await Promise.all([
    import('../../host/web/proxy-env.ts'),
    import('../../host/web/authorities.ts'),
  ]);
  const { proxyFor, except } = proxySettings(env);
  const exceptions = Object.entries(network?.minTlsVersions ?? {}).map(
    ([host, version]) => `${shortVersion(version)} for ${host}`,
  );
  const floor = shortVersion(web?.minTlsVersion ?? defaults.web.minTlsVersion);
  const proxies = (['https', 'http'] as const).flatMap((scheme) => {
    // Any name that no exception can mean.
    const proxy = proxyFor(new URL(`${scheme}://host.invalid`));
    if (!proxy) return [];
    const { url, authorization, variable } = proxy;
    return [`${scheme} through ${url.origin} (${variable}${authorization === undefined ? '' : ', with a password'})`];
  });
  const files = [
    ...(network?.caFile === undefined
      ? []
      : [`${readAuthorities(network.caFile, root, env).length} from ${network.caFile} (network.caFile)`]),
    ...(env.NODE_EXTRA_CA_CERTS ? [`those of ${env.NODE_EXTRA_CA_CERTS} (NODE_EXTRA_CA_CERTS)`] : []),
  ];
  return [
    [`${floor} or newer`, ...exceptions].join(', '),
    ...(proxies.length > 0 ? [proxies.join(', ')] : ['no proxy']),
    ...(proxies.length > 0 && except !== '' ? [`not for ${except} (NO_PROXY)`] : []),
    ...(files.length > 0 ? [`authorities beside the usual ones: ${files.join(', ')}`] : []),
  ].join('; ');
};
