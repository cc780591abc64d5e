import { BlockList, isIP } from 'node:net';

/** Everything that is not one host on the public internet: RFC 6890 and the IANA special-purpose registries. */
const SPECIAL_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24],
  ['192.0.2.0', 24], ['192.88.99.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 3],
];
/** The last four carry an IPv4 address inside: through a translator they would reach what the first list holds. */
const SPECIAL_V6: readonly (readonly [string, number])[] = [
  ['::', 128], ['::1', 128], ['100::', 64], ['2001:db8::', 32], ['3fff::', 20], ['5f00::', 16], ['fc00::', 7], ['fe80::', 10], ['fec0::', 10], ['ff00::', 8],
  ['::', 96], ['64:ff9b::', 96], ['64:ff9b:1::', 48], ['2001::', 23], ['2002::', 16], ['::ffff:0:0:0', 96],
];

const special = new BlockList();
for (const [network, prefix] of SPECIAL_V4) special.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of SPECIAL_V6) special.addSubnet(network, prefix, 'ipv6');

/** Whether an IP address is not a public one. An IPv4 address written as IPv6 is judged as the IPv4 address it is. */
export function isPrivateAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return special.check(address, 'ipv4');
    case 6:
      return special.check(address, 'ipv6');
    default:
      return true;
  }
}
