"""Makes an OCI bundle whose root holds a static busybox, hydrinit and the probe, and whose container is
confined as Docker's are by default; only the user and the root are stricter: nobody, read-only.

   oci_bundle.py FOLDER HYDRINIT PROBE terminal|pipes|bare COMMAND...

bare: with pipes, without any capability, and with no-new-privileges.
"""
import json
import os
import platform
import shutil
import subprocess
import sys

CAPABILITIES = ["CAP_" + name for name in (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE "
    "SYS_CHROOT KILL AUDIT_WRITE").split()]

PROFILE = "/usr/share/containers/seccomp.json"
# The profile is Podman's, grown out of Docker's. These it allows to everybody; Docker not without a
# capability that is none of the default ones.
NOT_IN_DOCKER = set(
    "clone clone3 fsconfig fsmount fsopen fspick get_mempolicy keyctl mbind mount mount_setattr move_mount "
    "open_tree pidfd_getfd pivot_root reboot set_mempolicy setns syslog umount umount2 unshare".split())
EPERM, ENOSYS = 1, 38
CLONE_NEW_ANYTHING = 0x7E020000  # all of CLONE_NEW*

COMMANDS = "sh cat grep httpd id sleep touch true unshare".split()


def applies(rule, arch):
    """Whether a rule's conditions hold here; OCI's format has none, so that runc is given the outcome."""
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    if arch not in includes.get("arches", [arch]) or arch in excludes.get("arches", []):
        return False
    version = [int(part) for part in platform.release().split("-")[0].split(".")[:2]]
    if version < [int(part) for part in includes.get("minKernel", "0.0").split(".")]:
        return False
    return (all(name in CAPABILITIES for name in includes.get("caps", [])) and
            not any(name in CAPABILITIES for name in excludes.get("caps", [])))


def seccomp():
    with open(PROFILE) as file:
        profile = json.load(file)
    machine = platform.machine()
    native = "SCMP_ARCH_" + machine.upper()
    architectures = [native]
    for entry in profile["archMap"]:
        if entry["architecture"] == native:
            architectures += entry["subArchitectures"] or []
    rules = []
    for rule in profile["syscalls"]:
        names = [name for name in rule["names"] if name not in NOT_IN_DOCKER]
        if not names or not applies(rule, {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)):
            continue
        kept = {"names": names, "action": rule["action"], "args": rule.get("args") or []}
        if "errnoRet" in rule:
            kept["errnoRet"] = rule["errnoRet"]
        rules.append(kept)
    # No new namespaces. clone3's flags lie in memory, where no filter can look: libc falls back to clone.
    # The flags are the second argument on s390.
    rules.append({"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [
        {"index": int(machine == "s390x"), "value": CLONE_NEW_ANYTHING, "valueTwo": 0,
         "op": "SCMP_CMP_MASKED_EQ"}]})
    rules.append({"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS})
    return {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": EPERM, "architectures": architectures,
            "syscalls": rules}


def make_root(root, programs):
    for folder in ("bin", "open"):
        os.makedirs(os.path.join(root, folder))
    # Anybody's by its mode: what denies a write there is the read-only root alone.
    os.chmod(os.path.join(root, "open"), 0o777)
    busybox = shutil.which("busybox.static") or shutil.which("busybox")
    for source, target in [(busybox, "bin/busybox")] + programs:
        shutil.copy(source, os.path.join(root, target))
    os.makedirs(os.path.join(root, "www/cgi-bin"))
    who = os.path.join(root, "www/cgi-bin/who")
    with open(who, "w") as file:
        file.write('#!/bin/sh\necho\necho "replica=$HYDRINIT_REPLICA pid=$PPID"\n')
    os.chmod(who, 0o755)
    for command in COMMANDS:
        os.symlink("busybox", os.path.join(root, "bin", command))


def main(folder, hydrinit, probe, streams, *command):
    for program in ("runc", "busybox"):
        if not shutil.which(program):
            sys.exit(program + " is missing")
    if not os.path.exists(PROFILE):
        sys.exit(PROFILE + " is missing")
    make_root(os.path.join(folder, "rootfs"), [(hydrinit, "hydrinit"), (probe, "probe")])
    subprocess.check_call(["runc", "spec", "--bundle", folder])
    path = os.path.join(folder, "config.json")
    with open(path) as file:
        config = json.load(file)
    config["root"]["readonly"] = True
    config["process"].update({
        "terminal": streams == "terminal",
        "user": {"uid": 65534, "gid": 65534},
        "args": command,
        "noNewPrivileges": False,  # as Docker's; the filter is then loaded before root is given up
        # No ambient ones: the user gets none of them, but a set-user-id program could.
        "capabilities": {name: CAPABILITIES for name in ("bounding", "effective", "permitted")},
    })
    if streams == "bare":
        config["process"]["noNewPrivileges"] = True
        config["process"]["capabilities"] = {name: [] for name in ("bounding", "effective", "permitted")}
    config["linux"]["seccomp"] = seccomp()
    with open(path, "w") as file:
        json.dump(config, file, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
