export interface GatewayPlace {
  readonly url: string;
  readonly key: string | undefined;
}

/** The gateway that `KB_URL` names. A project that is named on the command line wins over it. */
export function gatewayPlace(env: Readonly<Record<string, string | undefined>>, project: string | undefined): GatewayPlace | undefined {
  const { KB_URL: url = '', KB_API_KEY: key = '' } = env;
  return url === '' || project !== undefined ? undefined : { url, key: key === '' ? undefined : key };
}
