"""The numbers of the system calls that a confined worker has no use for, by architecture."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """An architecture's name in seccomp's data (linux/audit.h), the number of seccomp, and of calls by name."""

    audit: int
    seccomp: int
    numbers: Mapping[str, int]


X86_64 = {
    "ioctl": 16, "shmget": 29,
    "socket": 41, "connect": 42, "accept": 43, "sendto": 44, "sendmsg": 46, "bind": 49, "listen": 50,
    "socketpair": 53, "clone": 56, "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "semget": 64, "msgget": 68,
    "fcntl": 72,
    "truncate": 76, "link": 86, "symlink": 88, "chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94,
    "ptrace": 101, "syslog": 103, "setpgid": 109, "setsid": 112, "rt_sigqueueinfo": 129, "utime": 132, "mknod": 133,
    "uselib": 134, "personality": 135, "setpriority": 141, "sched_setparam": 142, "sched_setscheduler": 144,
    "modify_ldt": 154, "pivot_root": 155, "chroot": 161, "acct": 163, "mount": 165, "umount2": 166, "swapon": 167,
    "reboot": 169, "iopl": 172, "ioperm": 173, "init_module": 175, "delete_module": 176, "quotactl": 179,
    "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199,
    "tkill": 200, "sched_setaffinity": 203, "tgkill": 234, "utimes": 235, "mq_open": 240, "kexec_load": 246,
    "add_key": 248, "request_key": 249, "keyctl": 250, "ioprio_set": 251, "inotify_init": 253, "inotify_add_watch": 254,
    "migrate_pages": 256, "mknodat": 259, "fchownat": 260, "futimesat": 261, "linkat": 265, "symlinkat": 266,
    "fchmodat": 268, "unshare": 272, "splice": 275, "tee": 276, "vmsplice": 278, "move_pages": 279, "utimensat": 280,
    "fallocate": 285, "accept4": 288, "inotify_init1": 294, "rt_tgsigqueueinfo": 297, "perf_event_open": 298,
    "fanotify_init": 300, "prlimit64": 302, "open_by_handle_at": 304, "sendmmsg": 307, "setns": 308,
    "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "sched_setattr": 314,
    "memfd_create": 319, "kexec_file_load": 320, "bpf": 321, "execveat": 322, "userfaultfd": 323,
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsmount": 432, "fspick": 433, "pidfd_open": 434, "clone3": 435,
    "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "memfd_secret": 447, "process_mrelease": 448,
    "fchmodat2": 452,
}  # fmt: skip

AARCH64 = {
    "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16,
    "fcntl": 25, "ioctl": 29,
    "inotify_init1": 26, "inotify_add_watch": 27, "ioprio_set": 30, "mknodat": 33, "symlinkat": 36, "linkat": 37,
    "umount2": 39, "mount": 40, "pivot_root": 41, "truncate": 45, "fallocate": 47, "chroot": 51, "fchmod": 52,
    "fchmodat": 53, "fchownat": 54, "fchown": 55, "quotactl": 60, "vmsplice": 75, "splice": 76, "tee": 77,
    "utimensat": 88, "acct": 89, "personality": 92, "unshare": 97, "kexec_load": 104, "init_module": 105,
    "delete_module": 106, "syslog": 116, "ptrace": 117, "sched_setparam": 118, "sched_setscheduler": 119,
    "sched_setaffinity": 122, "kill": 129, "tkill": 130, "tgkill": 131, "rt_sigqueueinfo": 138, "setpriority": 140,
    "reboot": 142, "setpgid": 154, "setsid": 157, "mq_open": 180, "msgget": 186, "semget": 190, "shmget": 194,
    "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "accept": 202, "connect": 203, "sendto": 206,
    "sendmsg": 211, "add_key": 217, "request_key": 218, "keyctl": 219, "clone": 220, "execve": 221, "swapon": 224,
    "migrate_pages": 238, "move_pages": 239, "rt_tgsigqueueinfo": 240, "perf_event_open": 241, "accept4": 242,
    "prlimit64": 261, "fanotify_init": 262, "open_by_handle_at": 265, "setns": 268, "sendmmsg": 269,
    "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "sched_setattr": 274,
    "memfd_create": 279, "bpf": 280, "execveat": 281, "userfaultfd": 282, "kexec_file_load": 294,
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsmount": 432, "fspick": 433, "pidfd_open": 434, "clone3": 435,
    "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "memfd_secret": 447, "process_mrelease": 448,
    "fchmodat2": 452,
}  # fmt: skip

# These are allowed for some arguments; agent/evaluator/jail/confinement.py says which.
BY_ARGUMENT = {"clone", "clone3", "fcntl", "ioctl", "kill", "tgkill", "prlimit64"}
DENIED = (X86_64.keys() | AARCH64.keys()) - BY_ARGUMENT
# What CUDA needs of them, and what a compiler needs. When it starts, CUDA listens at a socket of one kind, which
# agent/evaluator/jail/confinement.py lets pass, and at which nobody is ever let in.
FOR_CUDA = {"memfd_create", "fallocate", "socket", "bind", "listen"}
FOR_COMPILERS = {"fork", "vfork", "execve"}
FIRST_UNKNOWN = 463  # from here on are calls that nobody has judged for this list

ARCHITECTURES = {
    "x86_64": Architecture(0xC000003E, 317, X86_64),
    "aarch64": Architecture(0xC00000B7, 277, AARCH64),
}

# Commands by which a file signals a process when something happens to it: that process need not be this one, and the
# signal may be any. F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY; FIOASYNC, FIOSETOWN, SIOCSPGRP. And TIOCSTI
# and TIOCLINUX, which type into a terminal.
SIGNALLING_FCNTL = (8, 10, 15, 1024, 1026)
SIGNALLING_IOCTL = (0x5452, 0x8901, 0x8902, 0x5412, 0x541C)
SET_FLAGS, ASYNCHRONOUS = 4, 0x2000  # F_SETFL may not set O_ASYNC
