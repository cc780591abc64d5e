/** Numbers of system calls by architecture (asm/unistd.h), and `AUDIT_ARCH_*` of linux/audit.h. */
const MACHINES: Readonly<Partial<Record<NodeJS.Architecture, Machine>>> = {
  x64: {
    audit: 0xc000003e,
    socket: 41,
    denied: [103, 175, 176, 246, 248, 249, 250, 298, 304, 313, 320, 321, 323, 425, 426, 427],
  },
  arm64: {
    audit: 0xc00000b7,
    socket: 198,
    denied: [104, 105, 106, 116, 217, 218, 219, 241, 265, 273, 280, 282, 294, 425, 426, 427],
  },
};

interface Machine {
  readonly audit: number;
  readonly socket: number;
  /**
   * syslog, init_module, delete_module, kexec_load, add_key, request_key, keyctl, perf_event_open, open_by_handle_at, finit_module,
   * kexec_file_load, bpf, userfaultfd, io_uring_setup, io_uring_enter, io_uring_register: the keys of the engine's session, which
   * no namespace holds back, and parts of the kernel that no step needs.
   */
  readonly denied: readonly number[];
}

/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. Others, as AF_VSOCK to the machine below, are not parted by the network namespace. */
const FAMILIES = [1, 2, 10, 16];

const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const FAIL = 0x00050000;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const NUMBER_AT = 0;
const MACHINE_AT = 4;
const FIRST_ARGUMENT_AT = 16;
/** System calls of the x32 ABI have this bit; they would go around the list. */
const X32 = 0x40000000;

/** A filter for seccomp(2) as `struct sock_filter[]` (linux/filter.h). `undefined` for machines whose numbers are not known here. */
export function seccompFilter(architecture: NodeJS.Architecture = process.arch): Buffer | undefined {
  const machine = MACHINES[architecture];
  if (machine === undefined) return undefined;
  const rows: (readonly [code: number, ifTrue: number, ifFalse: number, value: number])[] = [
    [LOAD, 0, 0, MACHINE_AT],
    [IF_EQUAL, 1, 0, machine.audit],
    [RETURN, 0, 0, FAIL | ENOSYS],
    [LOAD, 0, 0, NUMBER_AT],
    [IF_AT_LEAST, 0, 1, X32],
    [RETURN, 0, 0, FAIL | ENOSYS],
  ];
  for (const number of machine.denied) rows.push([IF_EQUAL, 0, 1, number], [RETURN, 0, 0, FAIL | EPERM]);
  rows.push([IF_EQUAL, 1, 0, machine.socket], [RETURN, 0, 0, ALLOW], [LOAD, 0, 0, FIRST_ARGUMENT_AT]);
  for (const family of FAMILIES) rows.push([IF_EQUAL, 0, 1, family], [RETURN, 0, 0, ALLOW]);
  rows.push([RETURN, 0, 0, FAIL | EAFNOSUPPORT]);
  const bytes = Buffer.alloc(rows.length * 8);
  for (const [index, [code, ifTrue, ifFalse, value]] of rows.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  }
  return bytes;
}
