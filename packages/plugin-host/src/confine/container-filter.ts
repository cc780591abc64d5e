/** What Podman's own filter lets through and no step needs: namespaces and mounts of its own, keys, and parts of the kernel. */
const NEVER = new Set([
  ...['unshare', 'setns', 'mount', 'umount', 'umount2', 'pivot_root', 'fsopen', 'fsmount', 'fsconfig', 'fspick', 'open_tree', 'move_mount', 'mount_setattr'],
  ...['add_key', 'keyctl', 'request_key', 'bpf', 'perf_event_open', 'userfaultfd', 'open_by_handle_at', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'],
]);
/** Let through in part, by the rules below. `socketcall` hides its arguments in memory; only 32-bit programs need it. */
const IN_PART = new Set(['clone', 'clone3', 'socket', 'socketcall']);

const NEW_USER_NAMESPACE = 0x10000000;
const ENOSYS = 38;
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. */
const FAMILIES = [1, 2, 10, 16];
/** NETLINK_AUDIT is left out by Podman as well. */
const NO_AUDIT = { index: 2, value: 9, valueTwo: 0, op: 'SCMP_CMP_NE' };
/** The flags of clone are its first argument everywhere but there. */
const FLAGS_SECOND = { arches: ['s390', 's390x'] };

/** A filter of the form of containers-common (seccomp.json), made narrower. `undefined` when it is none. */
export function narrowerFilter(text: string): string | undefined {
  const profile = parse(text);
  if (profile === undefined) return undefined;
  const { rest, syscalls } = profile;
  const kept = syscalls.map(({ names, ...rule }) => ({ names: names.filter((name) => !NEVER.has(name) && !IN_PART.has(name)), ...rule })).filter(({ names }) => names.length > 0);
  const clone = { names: ['clone'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: NEW_USER_NAMESPACE, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }], excludes: FLAGS_SECOND };
  // Its flags are in memory, where no filter sees them; C libraries then take clone.
  const clone3 = { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS };
  const sockets = FAMILIES.map((value) => ({ names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value, valueTwo: 0, op: 'SCMP_CMP_EQ' }, NO_AUDIT] }));
  return JSON.stringify({ ...rest, syscalls: [...kept, clone, clone3, ...sockets] });
}

interface Rule {
  readonly names: readonly string[];
}

function parse(text: string): { rest: object; syscalls: readonly Rule[] } | undefined {
  let profile: unknown;
  try {
    profile = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof profile !== 'object' || profile === null || !('syscalls' in profile) || !Array.isArray(profile.syscalls)) return undefined;
  // A list of what is denied cannot be made narrower by leaving things out of it.
  if (!('defaultAction' in profile) || profile.defaultAction === 'SCMP_ACT_ALLOW') return undefined;
  const { syscalls, ...rest } = profile;
  return syscalls.every(isRule) ? { rest, syscalls } : undefined;
}

function isRule(rule: unknown): rule is Rule {
  return typeof rule === 'object' && rule !== null && 'names' in rule && Array.isArray(rule.names) && rule.names.every((name) => typeof name === 'string');
}
