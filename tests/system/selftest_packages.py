# SPDX-License-Identifier: Apache-2.0
"""packages.sh: what it asks of apt, and that it leaves no trace of its own. apt-get is a stand-in here."""
import os
import shutil
import subprocess

POLICY = "/usr/sbin/policy-rc.d"
COPY = "/tmp/a copy"
SCRIPT = COPY + "/tests/support/packages.sh"
CALLS = "/tmp/calls"
STAND_IN = f"""#!/bin/sh
echo "$@" >>{CALLS}
{POLICY} slapd start; echo "policy says $?" >>{CALLS}
[ ! -e /tmp/no-network ] || {{ echo "E: Unable to fetch" >&2; exit 100; }}
"""


def write(path, text, mode=0o644):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def setup():
    checkout = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    os.makedirs(COPY + "/tests/support")
    shutil.copy(checkout + "/tests/support/packages.sh", SCRIPT)
    write(COPY + "/packages.txt", "# comment\nbuild bash  # there\nrun bash\nrun no-such-package-a\ntest no-such-package-b\n")
    write("/usr/local/bin/apt-get", STAND_IN, 0o755)
    write("/usr/local/bin/debconf-set-selections", f"#!/bin/sh\ncat >>{CALLS}\n", 0o755)


def packages(*groups, user=None):
    if os.path.exists(CALLS):
        os.unlink(CALLS)
    environment = dict(os.environ, PATH="/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    done = subprocess.run([SCRIPT, *groups], capture_output=True, text=True, env=environment, user=user)
    calls = open(CALLS).read() if os.path.exists(CALLS) else ""
    return done, calls


def test_nothing_to_do_is_one_line():
    done, calls = packages("build")
    assert (done.returncode, done.stdout, done.stderr, calls) == (0, "packages: all there (build)\n", "", ""), done


def test_missing_ones_are_named_first_and_start_no_service():
    if os.path.exists(POLICY):
        os.unlink(POLICY)
    done, calls = packages("build", "run", "test")
    assert done.returncode == 0 and done.stdout == "packages: installing no-such-package-a no-such-package-b\n", done
    assert "slapd/no_configuration boolean true" in calls, calls
    assert " update" in calls and "install --no-install-recommends -y no-such-package-a no-such-package-b" in calls, calls
    assert calls.count("policy says 101") == 2, calls
    assert not os.path.exists(POLICY)


def test_the_machines_own_policy_comes_back():
    own = "#!/bin/sh\nexit 0\n"
    write(POLICY, own, 0o755)
    calls = packages("run")[1]
    assert calls.count("policy says 101") == 2, calls
    assert open(POLICY).read() == own and os.stat(POLICY).st_mode & 0o777 == 0o755
    os.unlink(POLICY)


def test_failing_apt_says_what_and_leaves_no_policy():
    write("/tmp/no-network", "")
    done, _ = packages("run")
    os.unlink("/tmp/no-network")
    assert done.returncode == 1, done
    assert "Unable to fetch" in done.stderr and "'apt-get update' failed" in done.stderr and "run this again" in done.stderr
    assert not os.path.exists(POLICY)


def test_without_root_it_names_what_is_missing():
    os.chmod("/tmp", 0o1777)
    done, calls = packages("run", user=65534)
    assert done.returncode == 1 and "no-such-package-a" in done.stderr and "only root" in done.stderr and not calls, done


def test_unknown_group_is_refused():
    done, calls = packages("nonsense")
    assert done.returncode == 1 and "no group 'nonsense'" in done.stderr and not calls, done
    assert packages()[0].returncode == 1


def test_missing_only_prints():
    done, calls = packages("--missing", "build", "run")
    assert done.returncode == 0 and done.stdout == "no-such-package-a\n" and not calls, done
