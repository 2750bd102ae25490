"""The core asks no socket, file, clock, thread or randomness: proved from what its compiled archives call, whatever headers say.

test_layers.py reads the sources; this finds what a library does for them (psl_latest opens files) and what an alias hides."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from test_layers import CORE

FILES = r"open|openat|creat|f(re)?open|fdopen|opendir|[lf]?stat|fstatat|statx|access|unlink|rename|mkdir|mmap|read|pread|readv|write|pwrite|writev|ioctl|fcntl"
SOCKETS = (r"socket|socketpair|connect|bind|listen|accept4?|send(to|m?msg)?|recv(from|m?msg)?|getaddrinfo|getnameinfo|gethost\w+|getifaddrs|if_\w+index"
           r"|if_indextoname|res_\w+")
WAITING = r"p?poll|p?select|epoll_\w+|eventfd|timerfd_\w+|nanosleep|clock_nanosleep|u?sleep|pause"
CLOCKS = r"clock_gettime|gettimeofday|time|timespec_get|localtime(_r)?|mktime|tzset|clock"
PROCESSES = r"fork|vfork|exec\w+|posix_spawn\w*|system|popen|kill|raise|signal|sigaction|pthread_create|dlopen|getpid|(secure_)?getenv|setenv|setlocale"
OUTPUT = r"std(in|out|err)|v?f?printf|f?puts|putchar|perror|v?syslog|openlog"
RANDOM = r"getrandom|getentropy|arc4random\w*|s?rand(om)?|RAND_\w+"
LIBRARIES = (r"psl_latest|psl_load_file|psl_dist_file|BIO_new_file|BIO_new_socket|BIO_connect|SSL_\w+|X509_STORE_(set_default_paths|load_\w+)|X509_LOOKUP_(file|hash_dir)"
             r"|X509_(cmp_current_time|gmtime_adj|time_adj\w*)|ub_\w+|ldap_\w+|PQ\w+|redis\w+")
CXX = r"_ZNSt6chrono\w*clock3nowEv|_ZNSt6thread\w+|_ZNSt13random_device\w+|_ZNSt\d+basic_[io]?(fstream|filebuf)\w+|_ZNSt10filesystem\w+|_ZSt(3cin|4cout|4cerr|4clog)"
C_NAMES = "|".join([FILES, SOCKETS, WAITING, CLOCKS, PROCESSES, OUTPUT, RANDOM])
# glibc's own names for the same: open64, __read_chk, __open_2, __isoc99_…
FORBIDDEN = re.compile(rf"(__)?({C_NAMES})(64)?(_2|_chk)?|{LIBRARIES}|{CXX}")


def called(archive):
    """(object, symbol) for what the objects of an archive want from elsewhere."""
    done = subprocess.run(["nm", "--print-file-name", "--undefined-only", archive], check=True, capture_output=True, text=True)
    return [(match[1], match[2]) for match in re.finditer(r"^[^:\n]*:([^:\n]*):\s+U (\S+)$", done.stdout, re.M)]


def wrong_in(archive):
    return [f"{where} calls {symbol}" for where, symbol in called(archive) if FORBIDDEN.fullmatch(symbol.split("@")[0])]


@pytest.fixture(scope="module", name="archive_of")
def _archive_of():
    build = os.environ.get("EXOTA_BUILD_DIR")
    if not build or not shutil.which("nm"):
        pytest.skip("no build (EXOTA_BUILD_DIR), or no nm, here: what the core's archives call was not looked at")

    def archive_of(layer):
        archive = Path(build) / f"libexota_{layer}.a"
        if not archive.exists():
            pytest.skip(f"{archive} is not built: what it calls was not looked at")
        return archive
    return archive_of


@pytest.mark.parametrize("layer", sorted(CORE))
def test_the_core_calls_nothing_that_does_io(archive_of, layer):
    archive = archive_of(layer)
    assert len(called(archive)) > 10, f"nm reads no symbols from {archive}"
    assert wrong_in(archive) == []


def test_what_does_io_is_found(archive_of):
    """The same look at a room of the shell finds what it is for, so that an empty list means something."""
    found = " ".join(wrong_in(archive_of("net")))
    for symbol in ("socket", "connect", "clock3nowEv", "ub_resolve_event"):
        assert symbol in found


@pytest.mark.parametrize("symbol", ["open64", "__read_chk", "__open_2", "fopen", "clock_gettime", "time", "psl_latest", "RAND_bytes", "pthread_create", "stderr",
                                    "_ZNSt6chrono3_V212steady_clock3nowEv", "_ZNSt6chrono3_V212system_clock3nowEv", "_ZNSt14basic_ifstreamIcSt11char_traitsIcEED2Ev"])
def test_io_by_any_of_its_names_is_forbidden(symbol):
    assert FORBIDDEN.fullmatch(symbol)


@pytest.mark.parametrize("symbol", ["memcpy", "psl_load_fp", "fmemopen", "fclose", "psl_builtin", "X509_verify_cert", "X509_VERIFY_PARAM_set_time", "inet_pton",
                                    "__assert_fail", "EVP_DigestVerify", "timegm", "_ZNSt6vectorIcSaIcEED2Ev"])
def test_what_works_on_its_arguments_is_not(symbol):
    assert not FORBIDDEN.fullmatch(symbol)
